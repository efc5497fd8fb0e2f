import { warning } from '../finding.ts'
import { renamedCache } from '../pod/renamed-cache.ts'
import type { Advice } from './workload.ts'

/** A cache may be applied after the workload, so a missing cache is only a warning. */
export const cacheNotFound: Advice = ({ namespace, view, references }) =>
  references.flatMap(({ name, cache }) => {
    if (cache) return []
    const renamed = renamedCache(name, namespace, view)
    const hint =
      renamed === undefined ? 'pods are denied until it exists and is Ready' : `is ${renamed} meant?`
    const text = `there is no ModelCache ${namespace}/${name}; ${hint}`
    const basis = [{ kind: 'ModelCache', namespace, name }] as const
    return [warning('CacheNotFound', 'metadata.annotations', text, basis)]
  })
