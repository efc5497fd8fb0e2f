import { readyMount } from '../../injection/cache-mount.ts'
import { warning } from '../finding.ts'
import { waitsAtGate } from '../pod/gate.ts'
import { notReadyState } from '../pod/not-ready.ts'
import type { Advice, Workload } from './workload.ts'

/**
 * A cache cannot be mounted yet, and this is how far it is. Until then the workload has no pods, or none that
 * run.
 */
export const cacheNotReady: Advice = workload =>
  workload.references.flatMap(({ name, cache }) => {
    if (cache === undefined || readyMount(cache)) return []
    const until = waitsForAll(workload) ? 'pods wait at their scheduling gate' : 'pods are denied'
    const text = `${until} until ModelCache ${workload.namespace}/${name} is Ready; it ${notReadyState(cache).words}`
    const basis = [{ kind: 'ModelCache', namespace: workload.namespace, name }] as const
    return [warning('CacheNotReady', 'metadata.annotations', text, basis)]
  })

function waitsForAll({ subjects }: Workload): boolean {
  return subjects.every(({ pod }) => waitsAtGate(pod).value === true)
}
