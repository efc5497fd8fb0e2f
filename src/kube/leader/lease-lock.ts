import { isDeepStrictEqual } from 'node:util'
import { isConflict } from '../api-error.ts'
import { collectionPath, objectPath } from '../resource.ts'
import { isNotFound, type Rest } from '../rest.ts'
import {
  heldLease,
  LEASE_DURATION_SECONDS,
  type Lease,
  lease,
  leases,
  newLease,
  releasedLease,
} from './lease.ts'

/** The result of an attempt to get or keep the lock. */
export type Attempt =
  /**
   * `at`: when the write was sent, by `performance.now()`. Nobody else takes the Lease for its duration from
   * then on.
   */
  { readonly held: true; readonly at: number } | { readonly held: false; readonly holder: string }

/** A Lease as a lock that expires when its holder goes silent. One call at a time. */
export interface LeaseLock {
  /**
   * Takes the Lease if it is free or expired, and renews it if it is ours. If it rejects with an ApiError,
   * nobody knows the outcome.
   */
  acquireOrRenew(): Promise<Attempt>
  /**
   * Frees the Lease if it is ours, and returns whether it was. The caller must have stopped relying on it.
   */
  release(): Promise<boolean>
}

export interface LeaseLockOptions {
  readonly rest: Pick<Rest, 'get' | 'create' | 'replace'>
  readonly namespace: string
  readonly name: string
  /** Unique to this process. Two processes with the same identity would both hold the Lease. */
  readonly identity: string
  /** The field manager of the Lease. */
  readonly fieldManager: string
  /** Time for each call, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * A lock on the Lease of this name. Every write carries the version that it was decided on (optimistic
 * locking), so if two try at once, one succeeds.
 */
export function createLeaseLock(options: LeaseLockOptions): LeaseLock {
  const { rest, namespace, name, identity, fieldManager, timeoutMs } = options
  const path = objectPath(leases, namespace, name)
  const call = { timeoutMs, fieldManager }
  const hasRunOut = observeLeases()
  /** The Lease as we last wrote it, if nothing came after it. Then a renewal needs no read first. */
  let ours: Lease | undefined

  const read = async (): Promise<Lease | undefined> => {
    try {
      return lease.parse(await rest.get(path, { timeoutMs }))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const attempt = async (): Promise<Attempt> => {
    const current = ours ?? (await read())
    // It counts as stored only when the answer says so.
    ours = undefined
    const holder = current?.spec.holderIdentity
    if (current !== undefined && holder && holder !== identity && !hasRunOut(current)) {
      return { held: false, holder }
    }
    const at = performance.now()
    const stored =
      current === undefined
        ? rest.create(
            collectionPath(leases, namespace),
            newLease(name, namespace, identity, Date.now()),
            call,
          )
        : rest.replace(path, heldLease(current, identity, Date.now()), call)
    ours = lease.parse(await stored)
    return { held: true, at }
  }

  return {
    acquireOrRenew: () =>
      attempt().catch(error => {
        // Somebody has written since we looked. They may hold the Lease now, or it was a label, or our own
        // write whose answer was lost.
        if (isConflict(error) || isNotFound(error)) return attempt()
        throw error
      }),
    async release() {
      const current = ours ?? (await read())
      ours = undefined
      if (current?.spec.holderIdentity !== identity) return false
      await rest.replace(path, releasedLease(current, Date.now()), call)
      return true
    },
  }
}

/**
 * Tells whether somebody else's Lease has expired, by how long it stayed unchanged while this process
 * watched. The times in it come from the clock of another machine, and show only that it was renewed.
 */
function observeLeases(): (current: Lease) => boolean {
  let seen: { spec: Lease['spec']; at: number } | undefined
  return ({ spec }) => {
    const now = performance.now()
    if (seen === undefined || !isDeepStrictEqual(seen.spec, spec)) seen = { spec, at: now }
    const seconds = spec.leaseDurationSeconds ?? LEASE_DURATION_SECONDS
    return now - seen.at >= seconds * 1000
  }
}
