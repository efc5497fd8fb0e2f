import type { CacheMount } from './cache-mount.ts'

/** Stands in the record of a pod for a digest that is not known yet. */
export const PENDING = 'pending'

/** What a record says about a mount: the digest of its snapshot, or the claim that people filled. */
export function identityOf(mount: CacheMount): string {
  switch (mount.kind) {
    case 'snapshot':
      return mount.digest
    case 'awaited':
      return PENDING
    case 'claim':
      return `pvc/${mount.claimName}`
  }
}

/** The value of annotation `modelplane.ai/injected`: `cache=identity` pairs, separated by commas. */
export function recordOf(mounts: readonly CacheMount[]): string {
  return mounts.map(mount => `${mount.cache}=${identityOf(mount)}`).join(',')
}

/** What the annotation says about each cache. */
export function readRecord(record: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    (record ?? '').split(',').map(pair => {
      const [cache = '', identity = ''] = pair.split('=', 2)
      return [cache, identity]
    }),
  )
}

/**
 * The mounts of a pod according to its own record. If the record gives a cache another known digest, the
 * mount is of that snapshot: a cache may be fetched again between the two webhooks of a request, and old
 * snapshots stay on the volume. Everything else (claim, path, caches that people filled) comes from the cache
 * as it is.
 */
export function asRecorded(
  mounts: readonly CacheMount[],
  record: string | undefined,
  isKnown: (cache: string, digest: string) => boolean,
): readonly CacheMount[] {
  const recorded = readRecord(record)
  return mounts.map(mount => {
    const digest = recorded.get(mount.cache)
    if (digest === undefined || mount.kind !== 'snapshot' || !isKnown(mount.cache, digest)) return mount
    return { ...mount, digest }
  })
}
