import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { controllerOf } from '../../api/kubernetes/metadata.ts'
import type { Namespace } from '../../api/kubernetes/namespace.ts'
import { claimsOf } from '../../api/managed-claim.ts'
import { managedName } from '../../api/managed-name.ts'
import { cacheMeta, type ModelCache, modelCache } from '../../api/modelcache.ts'
import { ALLOW_DELETE_IN_USE } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { usesCache } from '../../injection/uses-cache.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { allow, type Decision, deny } from '../decision.ts'
import { type Finding, warning } from '../finding.ts'

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
  const all = [...view.list('Pod', namespace)]
  const claim = stored === undefined ? undefined : lostClaim(stored, namespace, view)
  const users = claim === undefined ? all.filter(pod => usesCache(pod, name, stored)) : []
  // A deletion is rare and cannot be undone, so we also confirm by a live read that no pod mounts the cache.
  if (users.length === 0) {
    const basis = claim === undefined ? [pods] : [pods, claim]
    return allow({ basis, warnings: stored === undefined ? [] : claimHeld(stored, all) })
  }
  const text = `${describe(users)} ModelCache ${namespace}/${name}${ofWorkloads(stored)}; delete those pods first, or allow the deletion: kubectl -n ${namespace} annotate modelcache/${name} ${ALLOW_DELETE_IN_USE}=true`
  const field = `metadata.annotations[${ALLOW_DELETE_IN_USE}]`
  return deny(violation('CacheInUse', field, text), [pods, { kind: 'Namespace', name: namespace }])
}

/**
 * The claim of that name, if it is going or belongs to an earlier cache of the name. What pods mount then is
 * not this cache's, and to keep the cache would not keep it.
 */
function lostClaim(
  { metadata, spec }: ModelCache,
  namespace: string,
  view: ClusterView,
): ObjectRef | undefined {
  if (spec.storage.backend !== 'PVC' || metadata.uid === undefined) return undefined
  const name = managedName(metadata.name)
  const claim = view.get('PersistentVolumeClaim', namespace, name)
  const owner = claim && controllerOf(claim.metadata)
  const isOthers = owner !== undefined && owner.uid !== metadata.uid
  if (claim?.metadata.deletionTimestamp === undefined && !isOthers) return undefined
  return { kind: 'PersistentVolumeClaim', namespace, name }
}

/** Kubernetes keeps a claim while any pod has a volume of it, even a pod that has ended. */
function claimHeld(cache: ModelCache, pods: readonly ConsumerPod[]): Finding[] {
  const claims = claimsOf(cache)
  const ended = pods.filter(pod => pod.finished && pod.claims.some(claim => claims.includes(claim)))
  if (ended.length === 0) return []
  const names = few(ended.map(({ metadata }) => metadata.name).toSorted(), SHOWN)
  const who =
    ended.length === 1 ? `pod ${names} has ended and still holds` : `pods ${names} have ended and still hold`
  const text = `${who} claim ${claims[0]}; delete them, or the volume stays, and a new ModelCache of this name waits`
  return [warning('ClaimHeld', 'metadata.name', text)]
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined || namespace?.status?.phase === 'Terminating'
}

/** Workloads create their pods again, so they have to go. Nobody creates a lone pod again. */
function ofWorkloads(cache: ModelCache | undefined): string {
  const workloads = cache?.status?.references?.workloads?.filter(name => !name.startsWith('Pod/')) ?? []
  return workloads.length === 0 ? '' : `, of ${few(workloads, SHOWN)}`
}

function describe(pods: readonly ConsumerPod[]): string {
  const names = few(pods.map(({ metadata }) => metadata.name).toSorted(), SHOWN)
  return pods.length === 1 ? `pod ${names} mounts` : `${pods.length} pods (${names}) mount`
}
