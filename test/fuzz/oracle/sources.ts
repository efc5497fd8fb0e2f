import { at, isObject, listAt, mapAt, textAt } from './json.ts'
import { ALPHANUMERIC, DIGITS, isOneOf, LOWER, madeOf } from './names.ts'
import { isOciReference } from './oci-reference.ts'
import { hasHidden } from './paths.ts'

/**
 * DESIGN 3.1, SourceInvalid: the grammar of repositories, URIs, URLs, OCI references, globs and file names.
 */
export function isSourceValid(source: unknown): boolean {
  const given = (value: string | undefined, isValid: (value: string) => boolean) =>
    value === undefined || isValid(value)
  const globs = [...listAt(source, 'huggingFace', 'include'), ...listAt(source, 'huggingFace', 'exclude')]
  return (
    given(textAt(source, 'huggingFace', 'repo'), isRepo) &&
    given(textAt(source, 'huggingFace', 'revision'), isRevision) &&
    given(textAt(source, 'huggingFace', 'endpoint'), isHttpUrl) &&
    globs.every(glob => typeof glob === 'string' && isGlob(glob)) &&
    given(textAt(source, 's3', 'uri'), isS3Uri) &&
    given(textAt(source, 's3', 'endpoint'), isHttpUrl) &&
    (at(source, 'http') === undefined || isHttpValid(at(source, 'http'))) &&
    given(textAt(source, 'oci', 'reference'), isOciReference) &&
    given(textAt(source, 'oci', 'platform'), isPlatform) &&
    given(textAt(source, 'oci', 'path'), isPathOfImage) &&
    given(textAt(source, 'gcs', 'uri'), isGcsUri) &&
    given(textAt(source, 'gcs', 'endpoint'), isHttpUrl) &&
    given(
      textAt(source, 'gcs', 'userProject'),
      project => project !== '' && madeOf(project, `${LOWER}${DIGITS}:.-`),
    ) &&
    given(textAt(source, 'azure', 'account'), isAccount) &&
    given(textAt(source, 'azure', 'uri'), isAzureUri) &&
    given(textAt(source, 'azure', 'endpoint'), isHttpUrl) &&
    given(textAt(source, 'pvcClone', 'name'), name => !name.startsWith('modelcache--')) &&
    given(textAt(source, 'pvcClone', 'subPath'), isFolderOfClaim) &&
    (!isObject(at(source, 'inline', 'files')) || areInlineFiles(mapAt(source, 'inline', 'files')))
  )
}

/** Characters that a terminal does not simply print. */
function isControl(character: string): boolean {
  return hasHidden(character)
}

function isRepo(repo: string): boolean {
  const names = repo.split('/')
  const isName = (name: string) =>
    name.length <= 96 &&
    madeOf(name, `${ALPHANUMERIC}_.-`) &&
    isOneOf(name[0], `${ALPHANUMERIC}_`) &&
    isOneOf(name.at(-1), `${ALPHANUMERIC}_`)
  const holds = names.length <= 2 && names.every(isName)
  return holds && !repo.includes('--') && !repo.includes('..') && !repo.endsWith('.git')
}

/** Like git: a reference without its `refs/heads/`. */
function isRevision(revision: string): boolean {
  const forbidden = [...revision].some(c => isControl(c) || ' ~^:?*[\\'.includes(c))
  if (revision === '' || revision === '@' || forbidden) return false
  if (['..', '//', '@{'].some(word => revision.includes(word))) return false
  if (revision.startsWith('-') || revision.endsWith('.')) return false
  return revision.split('/').every(part => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}

function isGlob(glob: string): boolean {
  if (glob === '' || glob.startsWith('/') || [...glob].some(isControl)) return false
  return !glob.split('/').includes('..')
}

/** As Go names them: linux/arm64/v8. */
function isPlatform(platform: string): boolean {
  const [os = '', architecture = '', variant = 'v', ...more] = platform.split('/')
  const isWord = (word: string, others = '') => word !== '' && madeOf(word, LOWER + DIGITS + others)
  return more.length === 0 && isWord(os) && isWord(architecture) && isWord(variant, '.')
}

/** A slash at its end does no harm. */
function isPathOfImage(path: string): boolean {
  const [first, ...parts] = (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path).split('/')
  if (first !== '' || parts.length === 0 || [...path].some(isControl)) return false
  return path === '/' || parts.every(part => part !== '' && part !== '.' && part !== '..')
}

function isS3Uri(uri: string): boolean {
  if (!uri.startsWith('s3://') || [...uri].some(isControl)) return false
  const [bucket = '', ...prefix] = uri.slice('s3://'.length).split('/')
  if (bucket.length < 3 || bucket.length > 63 || !madeOf(bucket, `${LOWER}${DIGITS}.-`)) return false
  if (!isOneOf(bucket[0], LOWER + DIGITS) || !isOneOf(bucket.at(-1), LOWER + DIGITS)) return false
  const numbers = bucket.split('.')
  const isAddress = numbers.length === 4 && numbers.every(part => part !== '' && madeOf(part, DIGITS))
  return !bucket.includes('..') && !isAddress && !bucket.startsWith('xn--') && !prefix.includes('..')
}

function isGcsUri(uri: string): boolean {
  if (!uri.startsWith('gs://') || [...uri].some(isControl)) return false
  const [bucket = '', ...prefix] = uri.slice('gs://'.length).split('/')
  if (bucket.length < 3 || bucket.length > 222 || !madeOf(bucket, `${LOWER}${DIGITS}._-`)) return false
  if (!isOneOf(bucket[0], LOWER + DIGITS) || !isOneOf(bucket.at(-1), LOWER + DIGITS)) return false
  return !bucket.includes('..') && !prefix.includes('..')
}

function isAccount(account: string): boolean {
  return account.length >= 3 && account.length <= 24 && madeOf(account, LOWER + DIGITS)
}

function isAzureUri(uri: string): boolean {
  if (!uri.startsWith('az://') || [...uri].some(isControl)) return false
  const [container = '', ...prefix] = uri.slice('az://'.length).split('/')
  if (prefix.includes('..')) return false
  if (container === '$root' || container === '$web') return true
  if (container.length < 3 || container.length > 63 || container.includes('--')) return false
  const hasEnds = isOneOf(container[0], LOWER + DIGITS) && isOneOf(container.at(-1), LOWER + DIGITS)
  return hasEnds && madeOf(container, `${LOWER}${DIGITS}-`)
}

function isFolderOfClaim(folder: string): boolean {
  return !folder.startsWith('/') && !folder.split('/').includes('..') && ![...folder].some(isControl)
}

function isHttpUrl(url: string): boolean {
  const scheme = ['http://', 'https://'].find(name => url.startsWith(name))
  if (scheme === undefined || [...url].some(c => isControl(c) || c === ' ')) return false
  let authority = ''
  for (const character of url.slice(scheme.length)) {
    if ('/?#'.includes(character)) break
    authority += character
  }
  return authority !== '' && !authority.includes('@') && URL.canParse(url) && !isSigned(url)
}

/** One of three ways to say where, and what goes with each of them. */
function isHttpValid(http: unknown): boolean {
  const has = (name: string) => at(http, name) !== undefined
  const ways = [has('url'), has('urls'), at(http, 'secretRef', 'urlKey') !== undefined].filter(Boolean)
  const ofOneFile = ['sha256', 'archive', 'stripComponents'].some(has)
  const urls = [
    textAt(http, 'url'),
    textAt(http, 'sha256sums'),
    ...listAt(http, 'urls').map(each => textAt(each, 'url')),
  ]
  const paths = listAt(http, 'urls').map(each => textAt(each, 'path'))
  return (
    ways.length === 1 &&
    !(has('urls') && ofOneFile) &&
    !(has('sha256') && has('sha256sums')) &&
    urls.every(url => url === undefined || isHttpUrl(url)) &&
    paths.every(path => path === undefined || isPlainPath(path))
  )
}

function isPlainPath(path: string): boolean {
  return ![...path].some(isControl) && path.split('/').every(part => !['', '.', '..'].includes(part))
}

const WHOLE_NAMES = ['sig', 'sas', 'jwt', 'auth', 'authorization']
const ENDS = [
  ...['token', 'signature', 'secret', 'password', 'passwd', 'credential', 'accesskeyid'],
  ...['apikey', 'api_key', 'api-key'],
]

/** Whether a query parameter has the name of a secret. */
function isSigned(url: string): boolean {
  const [, ...parameters] = url.split(/[?&;#]/)
  return parameters.some(parameter => {
    const [name = '', value] = parameter.toLowerCase().split('=', 2)
    if (value === undefined) return false
    return WHOLE_NAMES.includes(name) || (/^[a-z0-9_.-]*$/.test(name) && ENDS.some(end => name.endsWith(end)))
  })
}

function areInlineFiles(files: Record<string, unknown>): boolean {
  const names = Object.keys(files)
  const folded = names.map(name => name.toLowerCase())
  const isName = (name: string) =>
    ![...name].some(isControl) &&
    name.split('/').every(part => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= 255)
  // One file cannot be the folder of another, even on volumes that ignore case.
  const clash = folded.some((name, index) =>
    folded.some((other, place) => place !== index && (other === name || other.startsWith(`${name}/`))),
  )
  let bytes = 0
  for (const content of Object.values(files)) bytes += Buffer.byteLength(String(content))
  const isCounted = names.length >= 1 && names.length <= 64
  return isCounted && names.every(isName) && !clash && bytes <= 262_144
}
