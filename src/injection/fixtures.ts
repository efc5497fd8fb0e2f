import jsonpatch from 'fast-json-patch'
import { asSent, DIGEST } from '../api/fixtures.ts'
import type { Pod } from '../api/kubernetes/pod.ts'
import type { Violation } from '../api/violation.ts'
import type { CacheMount, ClaimMount, SnapshotMount } from './cache-mount.ts'
import type { Operation } from './json-patch.ts'
import { planInjection } from './plan.ts'

/** The mount of a snapshot of cache `llama`, at /mnt/model. */
export function aSnapshotMount(given: Partial<SnapshotMount> = {}): SnapshotMount {
  const cache = given.cache ?? 'llama'
  return {
    kind: 'snapshot',
    cache,
    claimName: `modelcache--${cache}`,
    mountPath: '/mnt/model',
    scratch: [],
    folder: undefined,
    digest: DIGEST,
    ...given,
  }
}

/** The mount of the root of claim `ops-staged`, which people filled, for cache `llama`. */
export function aClaimMount(given: Partial<ClaimMount> = {}): ClaimMount {
  const common = { cache: 'llama', claimName: 'ops-staged', mountPath: '/mnt/model', scratch: [] }
  return { kind: 'claim', ...common, subPath: undefined, waits: false, ...given }
}

/** The plan for a pod that can get its caches. */
export function operationsFor(pod: Pod, mounts: readonly CacheMount[] = [aSnapshotMount()]): Operation[] {
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) return plan.value
  throw new Error(`refused: ${plan.refused.reason}: ${plan.refused.text}`)
}

/** Why a pod cannot get its caches. */
export function refusalFor(pod: Pod, mounts: readonly CacheMount[] = [aSnapshotMount()]): Violation {
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) throw new Error(`not refused: ${JSON.stringify(plan.value)}`)
  return plan.refused
}

/** The pod after the API server has applied the plan, with every operation checked. */
export function inject(pod: Pod, mounts: readonly CacheMount[] = [aSnapshotMount()]): Pod {
  return asSent(applied(pod, operationsFor(pod, mounts)))
}

export function applied(object: unknown, operations: readonly Operation[]): unknown {
  return jsonpatch.applyPatch(jsonpatch.deepClone(object), operations, true).newDocument
}

/**
 * The paths at which `after` is more than `before` with additions: members of maps may be new, elements of
 * arrays may follow existing ones, and null may become anything. Empty if nothing changed or moved.
 */
export function disturbances(before: unknown, after: unknown, path = ''): string[] {
  if (before === null || before === undefined) return []
  if (typeof before !== 'object') return before === after ? [] : [path]
  if (typeof after !== 'object' || after === null || Array.isArray(before) !== Array.isArray(after))
    return [path]
  const members = new Map(Object.entries(after))
  return Object.entries(before).flatMap(([name, value]) =>
    members.has(name) ? disturbances(value, members.get(name), `${path}/${name}`) : [`${path}/${name}`],
  )
}
