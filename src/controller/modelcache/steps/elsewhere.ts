import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { STORAGE_FINALIZER } from '../../../api/names.ts'
import { few } from '../../../api/schema/text.ts'
import type { Elsewhere, Observation } from '../observe.ts'
import { nameHere, statusOf } from '../status/status.ts'
import { notReady, type Write } from '../step.ts'
import { clearing } from './deletion.ts'

/**
 * What to do about a cache whose selector leaves this cluster out; undefined if it is staged here. It leaves
 * as a deleted cache would, but not before the last pod that mounts it has ended: first no pod gets it any
 * more, then its Jobs and its claim go. From then on the hub says how far the other clusters are.
 */
export function elsewhere(
  seen: Observation,
): { writes: readonly Write[]; status: ModelCacheStatus | undefined } | undefined {
  const { cache, elsewhere: place, holders } = seen
  if (place === undefined || (isMountable(seen) && holders?.().some(({ finished }) => !finished)))
    return undefined
  const isOurs = cache.status?.clusters?.some(({ name }) => name === nameHere(seen)) === true
  const left = place.hasHub ? (isOurs ? {} : undefined) : notSelected(seen, place)
  return { writes: isMountable(seen) ? [] : leavings(seen), status: left }
}

/** Whether pods can get the cache in this cluster. */
function isMountable({ cache }: Observation): boolean {
  return cache.status?.claimName !== undefined
}

function leavings(seen: Observation): readonly Write[] {
  const isKept = seen.cache.metadata.finalizers?.includes(STORAGE_FINALIZER) === true
  return clearing(seen) ?? (isKept ? [{ do: 'finalizer', present: false }] : [])
}

/** Nobody else says anything about the cache. */
function notSelected(seen: Observation, { clusters }: Elsewhere): ModelCacheStatus {
  const { cache } = seen
  const selected = clusters.length === 0 ? 'no InferenceCluster' : few(clusters)
  const remedy = clusters.length === 0 ? 'correct the selector or the labels' : 'install the hub'
  const message = `spec.clusterSelector selects ${selected}, and not this cluster; ${remedy}`
  const blank = { ...cache, status: { conditions: cache.status?.conditions } }
  return statusOf({ ...seen, cache: blank, references: undefined }, [
    notReady({ reason: 'ClusterNotSelected', message }, 'Pending'),
  ])
}
