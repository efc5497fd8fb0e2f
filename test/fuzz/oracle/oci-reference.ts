import { ALPHANUMERIC, DIGITS, isOneOf, LOWER, madeOf } from './names.ts'

/** `registry/repository`, then `:tag`, `@digest`, both or neither. The registry is required. */
export function isOciReference(reference: string): boolean {
  const [name = '', digest, ...rest] = reference.split('@')
  if (rest.length > 0 || (digest !== undefined && !isOciDigest(digest))) return false
  const [registry = '', ...repository] = name.split('/')
  const [last = '', tag, ...more] = (repository.pop() ?? '').split(':')
  if (more.length > 0 || (tag !== undefined && !isTag(tag))) return false
  const isNamed = registry.includes('.') || registry.includes(':') || registry === 'localhost'
  return isNamed && isRegistry(registry) && [...repository, last].every(isRepositoryPart)
}

function isOciDigest(digest: string): boolean {
  const [algorithm, hex = '', ...rest] = digest.split(':')
  const length = algorithm === 'sha256' ? 64 : algorithm === 'sha512' ? 128 : 0
  return rest.length === 0 && length > 0 && hex.length === length && madeOf(hex, `${DIGITS}abcdef`)
}

function isRegistry(registry: string): boolean {
  const [host = '', port, ...rest] = registry.split(':')
  if (rest.length > 0 || (port !== undefined && (port === '' || !madeOf(port, DIGITS)))) return false
  return host
    .split('.')
    .every(
      label =>
        isOneOf(label[0], ALPHANUMERIC) &&
        isOneOf(label.at(-1), ALPHANUMERIC) &&
        madeOf(label, `${ALPHANUMERIC}-`),
    )
}

function isTag(tag: string): boolean {
  return tag.length <= 128 && isOneOf(tag[0], `${ALPHANUMERIC}_`) && madeOf(tag, `${ALPHANUMERIC}_.-`)
}

/** Runs of lower-case letters and digits, separated by a dot, one or two underscores, or dashes. */
function isRepositoryPart(part: string): boolean {
  let separator = ''
  for (const character of part) {
    if (isOneOf(character, LOWER + DIGITS)) {
      if (!isSeparator(separator)) return false
      separator = ''
    } else {
      separator += character
    }
  }
  return part !== '' && separator === '' && isOneOf(part[0], LOWER + DIGITS)
}

function isSeparator(found: string): boolean {
  return ['', '.', '_', '__'].includes(found) || madeOf(found, '-')
}
