import { modelCache } from '../../api/modelcache.ts'
import type { AdmissionRequest } from '../admissionreview.ts'
import type { ClusterView } from '../clusterview.ts'
import { allow, type Decision, deny, denyIfAny } from '../decision.ts'
import { malformed } from '../malformed.ts'
import type { Policy } from '../policy.ts'
import { artifactSource } from './artifactsource.ts'
import { cacheInUse } from './cacheinuse.ts'
import type { Change, Rule } from './change.ts'
import { claimSize } from './claimsize.ts'
import { existingClaim } from './existingclaim.ts'
import { fieldImmutable } from './fieldimmutable.ts'
import { mountPath } from './mountpath.ts'
import { mutableRevision } from './mutablerevision.ts'
import { noInferenceCluster } from './noinferencecluster.ts'
import { notImplemented } from './notimplemented.ts'
import { sourceAlreadyCached } from './sourcealreadycached.ts'
import { sourceInvalid } from './sourceinvalid.ts'
import { storageClass } from './storageclass.ts'
import { storageMember } from './storagemember.ts'
import { storageQuota } from './storagequota.ts'

/** Every rule for a ModelCache; one file each. What one object alone decides is in the CRD's CEL too. */
const RULES: readonly Rule[] = [
  notImplemented,
  artifactSource,
  sourceInvalid,
  storageMember,
  mountPath,
  fieldImmutable,
  storageClass,
  claimSize,
  existingClaim,
  sourceAlreadyCached,
  mutableRevision,
  storageQuota,
  noInferenceCluster,
]

/** The validating webhook for ModelCaches (modelcaches.modelplane.ai): all rules, all findings in one answer. */
export function validateModelCache(request: AdmissionRequest, view: ClusterView, policy: Policy): Decision {
  if (request.subResource) return allow()
  if (request.operation === 'DELETE') return cacheInUse(request, view)
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow()
  // An object on its way out must always be able to lose its finalizers, whatever it looks like.
  if (isBeingDeleted(request.object)) return allow()
  const parsed = modelCache.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a ModelCache', parsed.error))
  // A stored object that no longer parses leaves nothing to compare with: the new one is judged as if created.
  const old = request.operation === 'UPDATE' ? modelCache.safeParse(request.oldObject).data : undefined
  const change: Change = { namespace: request.namespace ?? '', cache: parsed.data, old }
  const results = RULES.map(rule => rule(change, view, policy))
  const denied = denyIfAny(results.flatMap(({ findings }) => findings ?? []))
  return denied ?? allow({ warnings: results.flatMap(({ warnings }) => warnings ?? []) })
}

const described = modelCache.pick({ metadata: true })

function isBeingDeleted(object: unknown): boolean {
  const parsed = described.safeParse(object)
  return parsed.success && parsed.data.metadata.deletionTimestamp !== undefined
}
