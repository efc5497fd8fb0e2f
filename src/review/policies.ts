import type { Finding } from '../admission/finding.ts'
import { error } from '../admission/finding.ts'
import { valueAt } from '../admission/value-at.ts'
import type { Container, PodSpec, VolumeMount } from '../api/kubernetes/pod.ts'
import { isManagedName, MANAGED_PREFIX } from '../api/managed-name.ts'
import { CLAIM_OF } from '../api/names.ts'
import type { Reason } from '../api/reasons.ts'
import { violation } from '../api/violation.ts'
import type { Manifest } from './manifest.ts'

/**
 * What `manifests/policies.yaml` says, in its words, when somebody other than the controllers creates an
 * object. The API server evaluates policies before it calls validating webhooks, so webhooks never see what a
 * policy denies.
 */

/**
 * What policies modelcache-new-pods and modelcache-new-jobs say about claims, applied to the spec of a
 * pod or of a Job's template after `mutatePod`.
 */
export function readOnlyPolicy(spec: PodSpec, waits: boolean, of = ''): Finding[] {
  const volumes = (spec.volumes ?? []).filter(isManaged)
  const managed = new Set(volumes.map(({ name }) => name))
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(mountsOf(managed))
  const found = [
    ...deniedIf(
      volumes.some(({ persistentVolumeClaim: source }) => source?.readOnly !== true),
      'ClaimWritable',
      'spec.volumes',
      `a volume${of} uses a claim named ${MANAGED_PREFIX}* without readOnly: true; ${READ_ONLY}`,
    ),
    ...deniedIf(
      mounts.some(({ readOnly }) => readOnly !== true),
      'ClaimWritable',
      'spec.containers',
      `a container${of} mounts a claim named ${MANAGED_PREFIX}* without readOnly: true; ${READ_ONLY}`,
    ),
    ...deniedIf(
      !mounts.every(mount => isWholeOrSnapshot(mount, waits)),
      'SnapshotUnknown',
      'spec.containers',
      `a container${of} mounts a folder of a claim named ${MANAGED_PREFIX}* that is not a snapshot of its cache; remove the mount, and ask for the cache with annotation modelplane.ai/caches`,
    ),
  ]
  // The API server reports only the first one.
  return found.slice(0, 1)
}

/** What the same policies say about names. */
export function namesPolicy(manifest: Manifest): Finding[] {
  return deniedIf(
    !isStored(manifest) && isReserved(manifest),
    'NameReserved',
    'metadata.name',
    'names that start with modelcache-- are reserved for the hydration Jobs of ModelCaches; give this object, or the workload that creates it, another name',
  )
}

/** Whether a claim has a name or a label like the controller's claims. */
export function isReservedClaim(manifest: Manifest): boolean {
  const labels = valueAt(manifest.object, 'metadata.labels')
  const isLabelled = typeof labels === 'object' && labels !== null && CLAIM_OF in labels
  return !isStored(manifest) && (isReserved(manifest) || isLabelled)
}

/** Policy modelcache-claims, applied when a claim is created. */
export function claimsPolicy(manifest: Manifest): Finding[] {
  return deniedIf(
    isReservedClaim(manifest),
    'NameReserved',
    'metadata.name',
    'names modelcache--* and label modelplane.ai/modelcache are reserved for the claims of ModelCaches, which the controller creates; give this claim another name, and remove the label',
  )
}

/** An object that came out of a cluster describes it. Nobody is about to create that object. */
function isStored({ object }: Manifest): boolean {
  return typeof valueAt(object, 'metadata.uid') === 'string'
}

const READ_ONLY =
  'only the hydration Job of a cache may write to it; set readOnly: true on the volume and on each of its mounts'

const SNAPSHOT = /^(snapshots\/sha256-[0-9a-f]{64})?$/
const AWAITED = /^snapshots\/\$\(MODELCACHE__[A-Z0-9_]+_DIGEST\)$/

function isManaged({ persistentVolumeClaim: source }: NonNullable<PodSpec['volumes']>[number]): boolean {
  return isManagedName(source?.claimName)
}

const mountsOf =
  (volumes: ReadonlySet<string>) =>
  ({ volumeMounts }: Container): VolumeMount[] =>
    (volumeMounts ?? []).filter(({ name }) => volumes.has(name))

function isWholeOrSnapshot({ subPath = '', subPathExpr = '' }: VolumeMount, waits: boolean): boolean {
  return SNAPSHOT.test(subPath) && (subPathExpr === '' || (waits && AWAITED.test(subPathExpr)))
}

function isReserved({ name }: Manifest): boolean {
  return isManagedName(name)
}

function deniedIf(isDenied: boolean, reason: Reason, field: string, text: string): Finding[] {
  return isDenied ? [error(violation(reason, field, text))] : []
}
