import type { ModelCache } from '../../api/modelcache.ts'
import { conditionOf } from '../../api/readiness.ts'
import { needsAction } from '../../api/status-reasons.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20

/** Why a cache cannot be mounted: what its user can do about it, and the end of a sentence about it. */
export interface NotReadyState {
  remedy: 'recreate' | 'describe' | 'wait'
  /** Such as `is Hydrating (62%, 87 of 140 GiB)`. */
  words: string
}

/** The state of a cache that cannot be mounted. */
export function notReadyState(cache: ModelCache): NotReadyState {
  const { metadata, status } = cache
  if (metadata.deletionTimestamp !== undefined) return { remedy: 'recreate', words: 'is being deleted' }
  const phase = status?.phase ?? 'Pending'
  if (phase === 'Failed') {
    const failed = conditionOf(status, 'Failed')
    const why = failed ? ` (${failed.reason}: ${failed.message})` : ''
    return { remedy: 'describe', words: `has Failed${why}` }
  }
  if (status?.replicas !== undefined && status.claimName === undefined)
    return {
      remedy: 'describe',
      words: 'is for other clusters (spec.clusterSelector), and this one does not stage it',
    }
  if (phase === 'Ready') return { remedy: 'describe', words: 'status has no claim or digest to mount' }
  const ready = conditionOf(status, 'Ready')
  const remedy = ready !== undefined && needsAction(ready.reason) ? 'describe' : 'wait'
  return { remedy, words: `is ${phase}${progress(cache)}` }
}

/** Why a cache cannot be mounted yet and what its user can do, in the words of a CacheNotReady denial. */
export function notReadyText(namespace: string, cache: ModelCache): string {
  const { name } = cache.metadata
  const { remedy, words } = notReadyState(cache)
  const ready = cache.status?.phase === 'Ready' && remedy === 'describe' ? 'is Ready but ' : ''
  const remedies = {
    recreate: 'wait until it is gone and create it again, or remove the reference',
    describe: `see: kubectl -n ${namespace} describe modelcache/${name}`,
    wait: `wait with: kubectl -n ${namespace} wait --for=condition=Ready modelcache/${name}`,
  }
  return `ModelCache ${namespace}/${name} ${ready}${words}; ${remedies[remedy]}`
}

/**
 * ` (62%, 87 of 140 GiB)`, as far as it is known. Before there is any progress, it says what the controller
 * waits for.
 */
function progress({ status }: ModelCache): string {
  const { progress: share, bytesStaged: staged, bytesTotal: total } = status ?? {}
  const bytes = staged !== undefined && total !== undefined ? stagedOf(staged, total) : undefined
  const known = [share, bytes].filter(part => part !== undefined)
  if (known.length > 0) return ` (${known.join(', ')})`
  const ready = conditionOf(status, 'Ready')
  return ready?.message ? ` (${ready.message})` : ''
}

function stagedOf(staged: number, total: number): string {
  const [unit, size] = total >= GIB ? ['GiB', GIB] : ['MiB', MIB]
  return `${Math.floor(staged / size)} of ${Math.ceil(total / size)} ${unit}`
}
