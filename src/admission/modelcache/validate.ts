import { modelCache } from '../../api/modelcache.ts'
import { isMeantHere } from '../../api/placement.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import { ignoredKeys } from '../ignored-keys.ts'
import { malformed } from '../malformed.ts'
import { noClusterSelected } from '../no-cluster-selected.ts'
import type { Policy } from '../policy.ts'
import type { SelectorChange } from '../selector-change.ts'
import { selectorTooLong } from '../selector-too-long.ts'
import { valueAt } from '../value-at.ts'
import { artifactSource } from './artifact-source.ts'
import { cacheInUse } from './cache-in-use.ts'
import type { Change, Rule } from './change.ts'
import { claimSize } from './claim-size.ts'
import { clonedClaim } from './cloned-claim.ts'
import { existingClaim } from './existing-claim.ts'
import { fieldImmutable } from './field-immutable.ts'
import { hydrationMetadata } from './hydration-metadata.ts'
import { mountPath } from './mount-path.ts'
import { mountPathOccupied } from './mount-path-occupied.ts'
import { mutableRevision } from './mutable-revision.ts'
import { notImplemented } from './not-implemented.ts'
import { scratchFolderNeeded } from './scratch-folder-needed.ts'
import { sizeRequired } from './size-required.ts'
import { sourceAlreadyCached } from './source-already-cached.ts'
import { sourceInvalid } from './source-invalid.ts'
import { storageClass } from './storage-class.ts'
import { storageMember } from './storage-member-mismatch.ts'
import { storageQuota } from './storage-quota-exceeded.ts'

/** A rule about what is in this cluster. It has nothing to say about a cache that is for others alone. */
const ifStagedHere =
  (rule: Rule): Rule =>
  (change, view, policy) => {
    const found = rule(change, view, policy)
    if (found.length === 0 || change.cache.spec.clusterSelector === undefined) return found
    const clusters = [...view.list('InferenceCluster')]
    const here = thisCluster(clusters, policy.clusterName)
    return isMeantHere(change.cache, clusters, here) ? found : []
  }

function selectorOf({ cache, old }: Change): SelectorChange {
  return { selector: cache.spec.clusterSelector, old: old?.spec.clusterSelector }
}

/** Every rule for a ModelCache, one file each. What a single object decides is also in the CRD's CEL. */
const RULES: readonly Rule[] = [
  notImplemented,
  artifactSource,
  sourceInvalid,
  storageMember,
  hydrationMetadata,
  mountPath,
  mountPathOccupied,
  scratchFolderNeeded,
  fieldImmutable,
  ifStagedHere(storageClass),
  claimSize,
  sizeRequired,
  ifStagedHere(existingClaim),
  ifStagedHere(clonedClaim),
  sourceAlreadyCached,
  mutableRevision,
  ifStagedHere(storageQuota),
  change => selectorTooLong(selectorOf(change)),
  (change, view) => noClusterSelected(selectorOf(change), view, 'stages the cache'),
]

/**
 * The validating webhook for ModelCaches (modelcaches.modelplane.ai). It runs all rules and returns all
 * findings in one answer.
 */
export function validateModelCache(request: AdmissionRequest, view: ClusterView, policy: Policy): Decision {
  if (request.subResource) return allow()
  if (request.operation === 'DELETE') return cacheInUse(request, view)
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow()
  // An object that is being deleted must always be able to lose its finalizers, whatever it looks like.
  if (isBeingDeleted(request.object)) return allow()
  const parsed = modelCache.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a ModelCache', parsed.error))
  // If the stored object no longer parses, there is nothing to compare with, so we check the new one as if it
  // were created.
  const old = request.operation === 'UPDATE' ? modelCache.safeParse(request.oldObject).data : undefined
  const change: Change = { namespace: request.namespace ?? '', cache: parsed.data, old }
  const keys = ignoredKeys([{ bearer: 'modelcache', path: '', raw: request.object }])
  return decide([...RULES.flatMap(rule => rule(change, view, policy)), ...keys])
}

function isBeingDeleted(object: unknown): boolean {
  return typeof valueAt(object, 'metadata.deletionTimestamp') === 'string'
}
