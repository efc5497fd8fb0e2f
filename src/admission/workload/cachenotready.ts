import { cacheMount } from '../../injection/cachemount.ts'
import { notReadyState } from '../pod/notready.ts'
import { warning } from '../warning.ts'
import { type Advice, referencesOf } from './workload.ts'

/** A cache that cannot be mounted yet, and how far it is: until then the workload has no pods. */
export const cacheNotReady: Advice = workload =>
  referencesOf(workload).flatMap(({ name, cache }) => {
    if (cache === undefined || cacheMount(cache)) return []
    const text = `pods are refused until ModelCache ${workload.namespace}/${name} is Ready; it ${notReadyState(cache).words}`
    const basis = [{ kind: 'ModelCache', namespace: workload.namespace, name }] as const
    return [warning('CacheNotReady', 'metadata.annotations', text, basis)]
  })
