import { createHash } from 'node:crypto'

/**
 * The prefix of everything that is created for a cache. It has two dashes, because people and StatefulSets do
 * create names like `modelcache-…`, and the names that Kubernetes composes (POD-VOLUME, TEMPLATE-SET-0) never
 * have two dashes there.
 */
export const MANAGED_PREFIX = 'modelcache--'

/** Whether a name is reserved for what we create for caches: claims, Jobs and their pods. */
export function isManagedName(name: string | undefined): boolean {
  return name?.startsWith(MANAGED_PREFIX) === true
}

/**
 * Kubernetes: a DNS label. Drivers copy the names of claims into cloud labels, which allow no dots and no
 * more characters.
 */
const MAX_LABEL = 63

/**
 * 128 bits, as digits and letters. With fewer, somebody could find two names with the same label by trying.
 */
const HASH_BYTES = 16
const HASH_DIGITS = 25
const LOOKS_HASHED = /--[0-9a-z]{25}$/

/**
 * The DNS label that stands for one cache only: the name of its claim, of its volume in a pod, and a part of
 * annotations. It is `modelcache--NAME`. A name with dots, a long name, and a name that looks like the result
 * of this rule become a slug and a hash.
 */
export function managedName(cache: string): string {
  const plain = `${MANAGED_PREFIX}${cache}`
  if (plain.length <= MAX_LABEL && !cache.includes('.') && !LOOKS_HASHED.test(cache)) return plain
  return hashed(plain, cache)
}

/**
 * A further label for a cache, for another purpose. It never equals the first label of another cache, because
 * no cache has a slash in its name.
 */
export function managedVariant(cache: string, purpose: string): string {
  return hashed(`${MANAGED_PREFIX}${cache}`, `${cache}/${purpose}`)
}

function hashed(plain: string, identity: string): string {
  const hash = digitsOf(createHash('sha256').update(identity).digest().subarray(0, HASH_BYTES))
  const room = MAX_LABEL - HASH_DIGITS - '--'.length
  const slug = plain.replaceAll('.', '-').slice(0, room).replace(/-+$/, '')
  return `${slug}--${hash}`
}

function digitsOf(bytes: Buffer): string {
  return BigInt(`0x${bytes.toString('hex')}`)
    .toString(36)
    .padStart(HASH_DIGITS, '0')
}
