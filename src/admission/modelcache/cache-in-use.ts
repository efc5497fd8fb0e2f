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

/** We list this many names at most. */
const SHOWN = 3

/**
 * A cache cannot be deleted while pods mount it. Deletion is always allowed if the owner allows it by
 * annotation, if the namespace is being deleted, or if the deletion has already begun.
 */
export function cacheInUse(request: AdmissionRequest, view: ClusterView): Decision {
  const { namespace = '', oldObject } = request
  const stored = modelCache.safeParse(oldObject).data
  // This also covers objects that this version cannot read, such as those of a newer version.
  const metadata = stored?.metadata ?? cacheMeta.safeParse(Object(oldObject).metadata).data
  if (metadata?.annotations?.[ALLOW_DELETE_IN_USE] === 'true' || metadata?.deletionTimestamp !== undefined)
    return allow()
  // `kubectl delete --all` deletes the collection, and then the request has no name.
  const name = metadata?.name ?? request.name ?? ''
  if (isTerminating(view.get('Namespace', undefined, namespace))) return allow()
  const pods: ObjectRef = { list: 'Pod', namespace }
  const users = [...view.list('Pod', namespace)].filter(pod => usesCache(pod, name, stored))
  // A deletion is rare and cannot be undone, so we also confirm by a live read that no pod mounts the cache.
  if (users.length === 0) return allow({ basis: [pods] })
  const text = `${describe(users)} ModelCache ${namespace}/${name}; delete those pods first, or allow the deletion: kubectl -n ${namespace} annotate modelcache/${name} ${ALLOW_DELETE_IN_USE}=true`
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
