import { createHash } from 'node:crypto'

export const DIGITS = '0123456789'
export const LOWER = 'abcdefghijklmnopqrstuvwxyz'
export const UPPER = LOWER.toUpperCase()
export const ALPHANUMERIC = DIGITS + LOWER + UPPER

/** Whether every character is one of these. */
export function madeOf(value: string, characters: string): boolean {
  return [...value].every(character => characters.includes(character))
}

/** Whether there is a character and it is one of these. */
export function isOneOf(character: string | undefined, characters: string): boolean {
  return character !== undefined && character !== '' && characters.includes(character)
}

/** Kubernetes: a DNS subdomain of at most 253 characters. */
export function isObjectName(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 253) return false
  return value.split('.').every(label => {
    const ends = isOneOf(label[0], DIGITS + LOWER) && isOneOf(label.at(-1), DIGITS + LOWER)
    return ends && madeOf(label, `${DIGITS}${LOWER}-`)
  })
}

/** The form of a digest in status and in records. */
export function isDigest(value: unknown): value is string {
  if (typeof value !== 'string' || !value.startsWith('sha256:')) return false
  const hex = value.slice('sha256:'.length)
  return hex.length === 64 && madeOf(hex, `${DIGITS}abcdef`)
}

/** The first 128 bits of the SHA-256 of a text as a number with 36 digits, 25 places wide. */
export function shortHash(value: string): string {
  let number = 0n
  for (const byte of createHash('sha256').update(value).digest().subarray(0, 16))
    number = number * 256n + BigInt(byte)
  let digits = ''
  for (let place = 0; place < 25; place++) {
    digits = `${DIGITS}${LOWER}`.charAt(Number(number % 36n)) + digits
    number /= 36n
  }
  return digits
}

/**
 * What stands for a cache in the names of its claim, volumes and annotations: a DNS label of at most 63
 * characters.
 */
export function labelFor(cache: string): string {
  const plain = `modelcache--${cache}`
  const tail = cache.slice(-27)
  const looksHashed =
    cache.length >= 27 && tail.startsWith('--') && madeOf(tail.slice(2), `${DIGITS}${LOWER}`)
  if (plain.length <= 63 && !cache.includes('.') && !looksHashed) return plain
  return slugged(plain, cache)
}

/** The same for something else of that cache. */
export function variantFor(cache: string, purpose: string): string {
  return slugged(`modelcache--${cache}`, `${cache}/${purpose}`)
}

function slugged(plain: string, identity: string): string {
  let slug = plain.split('.').join('-').slice(0, 36)
  while (slug.endsWith('-')) slug = slug.slice(0, -1)
  return `${slug}--${shortHash(identity)}`
}

/** The environment variable that gives a pending mount of a cache its digest. */
export function digestVariableFor(cache: string): string {
  return `${labelFor(cache).split('-').join('_').toUpperCase()}_DIGEST`
}
