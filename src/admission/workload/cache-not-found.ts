import { warning } from '../finding.ts'
import { type Advice, referencesOf } from './workload.ts'

/** A cache may be applied after the workload, so a missing cache is only a warning. */
export const cacheNotFound: Advice = workload =>
  referencesOf(workload).flatMap(({ name, cache }) => {
    if (cache) return []
    const text = `there is no ModelCache ${workload.namespace}/${name}; pods are denied until it exists and is Ready`
    const basis = [{ kind: 'ModelCache', namespace: workload.namespace, name }] as const
    return [warning('CacheNotFound', 'metadata.annotations', text, basis)]
  })
