import { createHash } from 'node:crypto'

/**
 * How the names of all that is made for a cache begin. Two dashes, because people and StatefulSets do name things
 * `modelcache-…`, and no name that Kubernetes composes of others (POD-VOLUME, TEMPLATE-SET-0) has two there.
 */
export const MANAGED_PREFIX = 'modelcache--'

/** Whether a name is reserved for what is made for caches: claims, Jobs and their pods. */
export function isManagedName(name: string | undefined): boolean {
  return name?.startsWith(MANAGED_PREFIX) === true
}

/** Kubernetes: a DNS label. Drivers copy the names of claims into labels of clouds, which take no dots and no more. */
const MAX_LABEL = 63

/** 128 bits, as digits and letters: of fewer, somebody finds two names that share a label by trying. */
const HASH_BYTES = 16
const HASH_DIGITS = 25
const LOOKS_HASHED = /--[0-9a-z]{25}$/

/**
 * The DNS label that stands for a cache, and for no other one: the name of its claim, of its volume in a pod, and the
 * part of its own in annotations. `modelcache--NAME`; a name with dots, one that is too long, and one that looks like
 * what becomes of such a one is a slug and a hash.
 */
export function managedName(cache: string): string {
  const plain = `${MANAGED_PREFIX}${cache}`
  if (plain.length <= MAX_LABEL && !cache.includes('.') && !LOOKS_HASHED.test(cache)) return plain
  return hashed(plain, cache)
}

/**
 * A further label of a cache, for another purpose: like the first one of no other cache, since no cache has a slash
 * in its name.
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
