import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { Namespace } from '../../api/kubernetes/namespace.ts'
import { cacheMeta, modelCache } from '../../api/modelcache.ts'
import { ALLOW_DELETE_IN_USE } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { usesCache } from '../../injection/uses-cache.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { allow, type Decision, deny } from '../decision.ts'

/** More names than these tell nothing more. */
const SHOWN = 3

/**
 * A cache is not deleted under the pods that mount it. Always allowed: where its owner says so by annotation, in a
 * namespace that is going away, and when its deletion has begun already.
 */
export function cacheInUse(request: AdmissionRequest, view: ClusterView): Decision {
  const { namespace = '', oldObject } = request
  const stored = modelCache.safeParse(oldObject).data
  // Even of an object that this version cannot read, as one that a newer version has written.
  const metadata = stored?.metadata ?? cacheMeta.safeParse(Object(oldObject).metadata).data
  if (metadata?.annotations?.[ALLOW_DELETE_IN_USE] === 'true' || metadata?.deletionTimestamp !== undefined)
    return allow()
  // `kubectl delete --all` deletes the collection: then the request has no name.
  const name = metadata?.name ?? request.name ?? ''
  if (isTerminating(view.get('Namespace', undefined, namespace))) return allow()
  const pods: ObjectRef = { list: 'Pod', namespace }
  const users = [...view.list('Pod', namespace)].filter(pod => usesCache(pod, name, stored))
  // Deletion is rare and cannot be undone: that nobody mounts the cache is looked up as well.
  if (users.length === 0) return allow({ basis: [pods] })
  const text = `${describe(users)} ModelCache ${namespace}/${name}; end them first, or allow it: kubectl -n ${namespace} annotate modelcache/${name} ${ALLOW_DELETE_IN_USE}=true`
  const field = `metadata.annotations[${ALLOW_DELETE_IN_USE}]`
  return deny(violation('CacheInUse', field, text), [pods, { kind: 'Namespace', name: namespace }])
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined || namespace?.status?.phase === 'Terminating'
}

function describe(pods: readonly ConsumerPod[]): string {
  const names = few(pods.map(({ metadata }) => metadata.name).toSorted(), SHOWN)
  return pods.length === 1 ? `pod ${names} mounts` : `${pods.length} pods (${names}) mount`
}
