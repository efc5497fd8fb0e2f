import { CACHES, NOT_READY } from '../../api/annotations.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { Pod } from '../../api/pod.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { type CacheMount, cacheMount } from '../../injection/cachemount.ts'
import type { ClusterView } from '../clusterview.ts'
import { type Denied, deny, denyIfAny, type Finding } from '../decision.ts'
import { notReadyText } from './notready.ts'
import { cacheReferences } from './references.ts'

/** The mounts of all caches that an annotation asks for, or everything that keeps them from being mounted. */
export function resolveCaches(
  annotation: string,
  namespace: string,
  pod: Pod,
  view: ClusterView,
): Denied | { mounts: readonly CacheMount[] } {
  const names = cacheReferences(annotation)
  if (!Array.isArray(names)) return deny(names)
  const mounts: CacheMount[] = []
  const findings: Finding[] = []
  for (const name of names) {
    const cache = view.modelCache(namespace, name)
    const mount = cache && cacheMount(cache)
    if (mount) {
      mounts.push(mount)
    } else {
      findings.push({
        violation: unusable(name, namespace, cache, pod),
        basis: [{ kind: 'ModelCache', namespace, name }],
      })
    }
  }
  return denyIfAny(findings) ?? { mounts }
}

function unusable(name: string, namespace: string, cache: ModelCache | undefined, pod: Pod): Violation {
  const field = `metadata.annotations[${CACHES}]`
  if (cache === undefined) {
    return violation(
      'CacheNotFound',
      field,
      `there is no ModelCache ${namespace}/${name}; create it, or correct annotation ${CACHES} (list them with: kubectl -n ${namespace} get modelcaches)`,
    )
  }
  const whenNotReady = pod.metadata.annotations?.[NOT_READY]
  if (whenNotReady !== undefined) {
    return violation(
      'NotImplemented',
      `metadata.annotations[${NOT_READY}]`,
      `annotation ${NOT_READY}=${whenNotReady} is not implemented; remove it, then pods are refused until their caches are Ready (${notReadyText(namespace, cache)})`,
    )
  }
  return violation('CacheNotReady', field, notReadyText(namespace, cache))
}
