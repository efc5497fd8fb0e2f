import { controllerOf } from '../../../api/kubernetes/metadata.ts'
import type { PersistentVolumeClaim } from '../../../api/kubernetes/persistent-volume-claim.ts'
import { managedName } from '../../../api/managed-name.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { CLAIM_OF } from '../../../api/names.ts'
import { API_VERSION } from '../../../api/schema/group.ts'

/** Kubernetes: the value of a label has 63 characters at most. The name of a ModelCache may be longer. */
const MAX_LABEL_VALUE = 63

/**
 * The metadata of everything that we create for a cache. It tells people and the garbage collector which
 * cache owns it.
 */
export function madeFor({ metadata }: ModelCache) {
  const { namespace, name, uid } = metadata
  return {
    namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'modelcache',
      [CLAIM_OF]: name.length > MAX_LABEL_VALUE ? managedName(name) : name,
    },
    // Without blockOwnerDeletion: some clusters allow it only to users who may write the finalizers of the
    // owner.
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'ModelCache', name, uid, controller: true }],
  }
}

/**
 * Whether a claim is what is left of an earlier life of this cache: restored from a backup, or kept by
 * `--cascade=orphan`. Only administrators and this controller may create claims with our label.
 */
export function isLeftBehind(cache: ModelCache, claim: PersistentVolumeClaim): boolean {
  const { storageClassName } = cache.spec.storage.pvc ?? {}
  return (
    isOrphan(claim) &&
    claim.metadata.labels?.[CLAIM_OF] === madeFor(cache).labels[CLAIM_OF] &&
    claim.spec.accessModes?.includes('ReadWriteMany') === true &&
    (storageClassName === undefined || storageClassName === claim.spec.storageClassName)
  )
}

/** Whether an object has no owner. `--cascade=orphan` leaves such objects behind. */
export function isOrphan(object: { metadata: Parameters<typeof controllerOf>[0] }): boolean {
  return controllerOf(object.metadata) === undefined
}

/**
 * Whether an object was created for this very cache, and not for an earlier cache of the same name or by
 * somebody else.
 */
export function isMadeFor(
  { metadata }: ModelCache,
  object: { metadata: Parameters<typeof controllerOf>[0] },
): boolean {
  return metadata.uid !== undefined && controllerOf(object.metadata)?.uid === metadata.uid
}
