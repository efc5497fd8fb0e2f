import type { DeclaredDriver } from '../api/inference-cluster.ts'
import { ACCESS_MODES, ACCESS_MODES_ANNOTATION, type StorageClass } from '../api/kubernetes/storage-class.ts'
import type { StorageProfile } from '../api/kubernetes/storage-profile.ts'
import { attestedAccessModes } from './access-modes-annotation.ts'
import { provisionerVerdict } from './provisioners.ts'

/**
 * Whether a class gives file systems that many nodes can mount while one of them writes. `by` is the source,
 * and `because` a phrase for a message: "provisioner ebs.csi.aws.com provides block volumes, attachable to
 * one node only".
 */
export interface RwxCapability {
  answer: 'yes' | 'no' | 'unknown'
  by: 'annotation' | 'declaration' | 'profile' | 'provisioner'
  because: string
}

/**
 * The provisioner of classes for volumes that an administrator creates by hand. Kubernetes reserves the name.
 */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

/**
 * Whether a StorageClass supports ReadWriteMany. Kubernetes declares this nowhere, and a claim that the class
 * cannot serve just stays Pending. So we ask what is known, best first: the administrator's annotation, what
 * the InferenceCluster declares of the driver, the StorageProfile of the class if the cluster has one, then
 * the table of known provisioners. If none of them knows, the answer is unknown and the caller's policy
 * decides.
 */
export function rwxCapability(
  storageClass: StorageClass,
  profile: StorageProfile | undefined,
  drivers: readonly DeclaredDriver[] | undefined,
): RwxCapability {
  return (
    byAnnotation(storageClass) ??
    byDeclaration(storageClass, drivers) ??
    byProfile(profile) ??
    byProvisioner(storageClass)
  )
}

/** How an administrator can settle an unknown class, as the end of a message. */
export function attestHint(storageClassName: string): string {
  const command = `kubectl annotate storageclass ${storageClassName} ${ACCESS_MODES_ANNOTATION}=ReadWriteMany`
  return `if it does support ReadWriteMany, an administrator can attest that: ${command}`
}

function byAnnotation(storageClass: StorageClass): RwxCapability | undefined {
  const attested = attestedAccessModes(storageClass)
  if (!attested) return undefined
  const annotation = `annotation ${ACCESS_MODES_ANNOTATION}`
  if (!attested.valid) {
    // A typo must not fall through to the table, which might say yes although the administrator meant no.
    const problem = `"${attested.entry}" is not one of ${ACCESS_MODES.join(', ')}`
    return { answer: 'no', by: 'annotation', because: `${annotation} is malformed: ${problem}` }
  }
  return {
    answer: attested.modes.has('ReadWriteMany') ? 'yes' : 'no',
    by: 'annotation',
    because: `${annotation} says ${[...attested.modes].join(', ')}`,
  }
}

function byDeclaration(
  { provisioner }: StorageClass,
  drivers: readonly DeclaredDriver[] | undefined,
): RwxCapability | undefined {
  const declared = drivers?.find(({ name }) => name === provisioner)?.accessModes
  if (declared === undefined) return undefined
  const modes = declared.length === 0 ? 'no access mode' : declared.join(', ')
  return {
    answer: declared.includes('ReadWriteMany') ? 'yes' : 'no',
    by: 'declaration',
    because: `spec.storage.csiDrivers of the InferenceCluster says ${modes} of provisioner ${provisioner}`,
  }
}

/**
 * The Containerized Data Importer creates a profile for every class, and leaves its sets empty if neither it
 * nor an administrator knows the provisioner. Then it says nothing.
 */
function byProfile(profile: StorageProfile | undefined): RwxCapability | undefined {
  const sets = profile?.status?.claimPropertySets ?? []
  if (profile === undefined || sets.length === 0) return undefined
  const listed = sets.map(({ accessModes, volumeMode }) => ({
    accessModes: accessModes ?? [],
    // The default volumeMode of a claim.
    volumeMode: volumeMode ?? 'Filesystem',
  }))
  const shared = listed.filter(({ accessModes }) => accessModes.includes('ReadWriteMany'))
  const answer = shared.some(({ volumeMode }) => volumeMode === 'Filesystem') ? 'yes' : 'no'
  const list = listed
    .map(({ accessModes, volumeMode }) => `${accessModes.join('/') || 'no access mode'} ${volumeMode}`)
    .join(', ')
  const says = `StorageProfile ${profile.metadata.name} lists ${list}`
  const rawOnly = answer === 'no' && shared.length > 0
  return {
    answer,
    by: 'profile',
    because: rawOnly ? `${says}, and a raw device cannot be mounted as a file system` : says,
  }
}

function byProvisioner({ provisioner, parameters = {} }: StorageClass): RwxCapability {
  if (provisioner === NO_PROVISIONER) {
    const because =
      'its volumes are created by hand (kubernetes.io/no-provisioner), so each has its own access modes'
    return { answer: 'unknown', by: 'provisioner', because }
  }
  const verdict = provisionerVerdict(provisioner, parameters)
  if (verdict)
    return { answer: verdict.answer, by: 'provisioner', because: `provisioner ${provisioner} ${verdict.why}` }
  const because = `provisioner ${provisioner} is not known to ModelCache`
  return { answer: 'unknown', by: 'provisioner', because }
}
