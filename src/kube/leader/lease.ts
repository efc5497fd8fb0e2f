import { z } from 'zod'

/** How Leases are addressed. */
export const leases = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' }

/** How long others leave a Lease alone after they last saw it change, in seconds. */
export const LEASE_DURATION_SECONDS = 15

/** A Lease of coordination.k8s.io. Everything else in it stays as it is. */
export const lease = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().optional() }),
  spec: z
    .looseObject({
      /** Absent or empty means that nobody holds it. */
      holderIdentity: z.string().optional(),
      leaseDurationSeconds: z.int().optional(),
      acquireTime: z.string().optional(),
      renewTime: z.string().optional(),
      leaseTransitions: z.int().optional(),
    })
    .default({}),
})

export type Lease = z.output<typeof lease>

/** A new Lease for its first holder. `now` is in milliseconds since the epoch. */
export function newLease(name: string, namespace: string, identity: string, now: number) {
  const { apiVersion } = leases
  const empty: Lease = { apiVersion, kind: 'Lease', metadata: { name, namespace }, spec: {} }
  const held = heldLease(empty, identity, now)
  return { ...held, spec: { ...held.spec, leaseTransitions: 0 } }
}

/**
 * The Lease as its holder should write it: renewed if it is already this holder's, otherwise taken over. The
 * resourceVersion stays, so that the API server rejects the write if the Lease has changed meanwhile.
 */
export function heldLease(current: Lease, identity: string, now: number): Lease {
  const { spec } = current
  const isRenewal = spec.holderIdentity === identity
  const time = microTime(now)
  return {
    ...current,
    spec: {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_DURATION_SECONDS,
      acquireTime: (isRenewal ? spec.acquireTime : undefined) ?? time,
      renewTime: time,
      leaseTransitions: (spec.leaseTransitions ?? 0) + (isRenewal ? 0 : 1),
    },
  }
}

/**
 * The Lease as its holder leaves it: free for the next candidate, of this program or any other that elects
 * the same way.
 */
export function releasedLease(current: Lease, now: number): Lease {
  const time = microTime(now)
  return {
    ...current,
    // The API server accepts no less than one second.
    spec: {
      ...current.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: time,
      renewTime: time,
    },
  }
}

/** The API server reads a MicroTime only with exactly six digits after the second. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z')
}
