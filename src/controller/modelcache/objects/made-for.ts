import { controllerOf } from '../../../api/kubernetes/metadata.ts'
import { managedName } from '../../../api/managed-name.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { CLAIM_OF } from '../../../api/names.ts'
import { API_VERSION } from '../../../api/schema/group.ts'

/** Kubernetes: the value of a label has 63 characters at most; a ModelCache may be called with more. */
const MAX_LABEL_VALUE = 63

/** The metadata that all has that is made for a cache: whose it is, for people and for the garbage collector. */
export function madeFor({ metadata }: ModelCache) {
  const { namespace, name, uid } = metadata
  return {
    namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'modelcache',
      [CLAIM_OF]: name.length > MAX_LABEL_VALUE ? managedName(name) : name,
    },
    // Without blockOwnerDeletion, which some clusters let only those set who may write the finalizers of the owner.
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'ModelCache', name, uid, controller: true }],
  }
}

/** Whether nobody owns an object: a ModelCache that is deleted with `--cascade=orphan` leaves such ones behind. */
export function isOrphan(object: { metadata: Parameters<typeof controllerOf>[0] }): boolean {
  return controllerOf(object.metadata) === undefined
}

/** Whether an object was made for this cache, and not for another one that had its name, nor by somebody else. */
export function isMadeFor(
  { metadata }: ModelCache,
  object: { metadata: Parameters<typeof controllerOf>[0] },
): boolean {
  return metadata.uid !== undefined && controllerOf(object.metadata)?.uid === metadata.uid
}
