import { ALLOW_DELETE_IN_USE } from '../../api/annotations.ts'
import type { ConsumerPod } from '../../api/consumer-pod.ts'
import { claimsOf } from '../../api/managed-claim.ts'
import { cacheMeta, type ModelCache, modelCache } from '../../api/modelcache.ts'
import type { Namespace } from '../../api/namespace.ts'
import { violation } from '../../api/violation.ts'
import { few } from '../../api/wording.ts'
import { readRecord } from '../../injection/record.ts'
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
  if (isTerminating(view.namespace(namespace))) return allow()
  const pods: ObjectRef = { kind: 'ConsumerPodList', namespace }
  const users = [...view.consumers(namespace)].filter(pod => isMounted(pod, name, stored))
  // Deletion is rare and cannot be undone: that nobody mounts the cache is looked up as well.
  if (users.length === 0) return allow({ basis: [pods] })
  const text = `${describe(users)} ModelCache ${namespace}/${name}; end them first, or allow it: kubectl -n ${namespace} annotate mc/${name} ${ALLOW_DELETE_IN_USE}=true`
  const field = `metadata.annotations[${ALLOW_DELETE_IN_USE}]`
  return deny(violation('CacheInUse', field, text), [pods, { kind: 'Namespace', name: namespace }])
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined || namespace?.status?.phase === 'Terminating'
}

/**
 * What a pod mounts decides, for labels and records can be forged and taken off. Its record tells only where the cache itself cannot be
 * read. A pod that has ended, or still waits at the gate, mounts nothing.
 */
function isMounted(pod: ConsumerPod, name: string, cache: ModelCache | undefined): boolean {
  if (pod.finished || pod.gated) return false
  if (cache === undefined) return readRecord(pod.record).has(name)
  const { backend, existingPVC: existing } = cache.spec.storage
  if (backend !== 'ExistingPVC' || existing === undefined)
    return claimsOf(cache).some(claim => pod.claims.includes(claim))
  // Several caches may serve folders of one claim.
  if (existing.subPath !== undefined) return pod.folders.includes(`${existing.name}/${existing.subPath}`)
  return pod.claims.includes(existing.name)
}

function describe(pods: readonly ConsumerPod[]): string {
  const names = few(pods.map(({ metadata }) => metadata.name).toSorted(), SHOWN)
  return pods.length === 1 ? `pod ${names} mounts` : `${pods.length} pods (${names}) mount`
}
