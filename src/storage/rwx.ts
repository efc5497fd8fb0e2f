import type { StorageClass } from '../api/storageclass.ts'
import { ACCESS_MODES, ACCESS_MODES_ANNOTATION, attestedAccessModes } from './accessmodesannotation.ts'
import { provisionerVerdict } from './provisioners.ts'

/**
 * Whether a class gives file systems that many nodes can mount, one of them writing. `because` is a phrase for
 * a message: "provisioner ebs.csi.aws.com provides block volumes, attachable to one node only".
 */
export type RwxCapability = { answer: 'yes' | 'no' | 'unknown'; because: string }

/** The provisioner of classes for volumes that an admin makes by hand. Kubernetes reserves the name. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

/**
 * Whether a StorageClass supports ReadWriteMany. Kubernetes declares this nowhere, and a claim that the class
 * cannot serve just stays Pending, so it is told from what is known, best first: the admin's annotation, then
 * the table of known provisioners. What neither knows is unknown, and the caller's policy decides.
 */
export function rwxCapability(storageClass: StorageClass): RwxCapability {
  return byAnnotation(storageClass) ?? byProvisioner(storageClass)
}

/** How an admin can settle an unknown class, as the end of a message. */
export function attestHint(storageClassName: string): string {
  const command = `kubectl annotate storageclass ${storageClassName} ${ACCESS_MODES_ANNOTATION}=ReadWriteMany`
  return `if it does support ReadWriteMany, an admin can attest it: ${command}`
}

function byAnnotation(storageClass: StorageClass): RwxCapability | undefined {
  const attested = attestedAccessModes(storageClass)
  if (!attested) return undefined
  const annotation = `annotation ${ACCESS_MODES_ANNOTATION}`
  if (!attested.valid) {
    // A typo must not fall through to the table, which might say yes where the admin meant no.
    const problem = `"${attested.entry}" is not one of ${ACCESS_MODES.join(', ')}`
    return { answer: 'no', because: `${annotation} is malformed: ${problem}` }
  }
  return {
    answer: attested.modes.has('ReadWriteMany') ? 'yes' : 'no',
    because: `${annotation} says ${[...attested.modes].join(', ')}`,
  }
}

function byProvisioner({ provisioner, parameters = {} }: StorageClass): RwxCapability {
  if (provisioner === NO_PROVISIONER) {
    const because =
      'its volumes are made by hand (kubernetes.io/no-provisioner), so each has its own access modes'
    return { answer: 'unknown', because }
  }
  const verdict = provisionerVerdict(provisioner, parameters)
  if (!verdict) return { answer: 'unknown', because: `provisioner ${provisioner} is not known to ModelCache` }
  return { answer: verdict.answer, because: `provisioner ${provisioner} ${verdict.why}` }
}
