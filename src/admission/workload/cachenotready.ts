import type { ModelCache } from '../../api/modelcache.ts'
import { violation } from '../../api/violation.ts'
import { cacheMount } from '../../injection/cachemount.ts'
import { progress } from '../pod/notready.ts'
import { brief } from './brief.ts'
import { type Advice, referencesOf } from './workload.ts'

/** A cache that cannot be mounted yet, and how far it is: until then the workload has no pods. */
export const cacheNotReady: Advice = workload =>
  referencesOf(workload).flatMap(({ name, cache }) => {
    if (cache === undefined || cacheMount(cache)) return []
    const text = `pods are refused until ModelCache ${workload.namespace}/${name} is Ready; it ${state(cache)}`
    return [violation('CacheNotReady', 'metadata.annotations', brief('CacheNotReady', text))]
  })

function state(cache: ModelCache): string {
  if (cache.metadata.deletionTimestamp !== undefined) return 'is being deleted'
  const phase = cache.status?.phase ?? 'Pending'
  if (phase === 'Ready') return 'reports no claim or digest to mount'
  const failed = cache.status?.conditions?.find(({ type }) => type === 'Failed')
  if (phase === 'Failed') return `has Failed${failed ? ` (${failed.reason}: ${failed.message})` : ''}`
  return `is ${phase}${progress(cache)}`
}
