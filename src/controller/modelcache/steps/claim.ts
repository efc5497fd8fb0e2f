import { parseQuantity } from '../../../api/kubernetes/quantity.ts'
import { quote } from '../../../api/schema/text.ts'
import { claim as claimObject } from '../objects/claim.ts'
import { isMadeFor } from '../objects/made-for.ts'
import { claimOf, type Observation } from '../observe.ts'
import { type Cause, goOn, notReady, type Step, type StepResult, type Write } from '../step.ts'

/** For sources that are part of the cluster: no object has more than a megabyte or two. */
const SMALL_GIB = 1

const GIB = 2 ** 30

/**
 * A claim is larger than the artifact by this factor, because file systems and the journal take their share.
 */
const HEAD_ROOM = 1.1

/**
 * The claim of the cache exists, is ours, and is large enough. The step does not wait until it is bound,
 * because a Job may be its first consumer.
 */
export const claim: Step = seen => {
  const { cache, claim } = seen
  const name = claimOf(cache)
  if (claim === undefined) return made(seen, name)
  if (claim.metadata.deletionTimestamp !== undefined)
    return pending(
      'ClaimTerminating',
      `claim ${name} is being deleted; the controller creates it again when it is gone`,
    )
  if (!isMadeFor(cache, claim))
    return pending(
      'ClaimNotOwned',
      `claim ${name} exists, but was not created for this ModelCache; delete it, or give the ModelCache another name`,
    )
  if (claim.status?.phase === 'Lost') return notReady(volumeLost(name), 'Failed')
  return goOn({
    writes: growth(seen),
    status: { claimName: name, claimUID: claim.metadata.uid, ...sizeOnClaim(seen) },
  })
}

export function volumeLost(claim: string): Cause {
  const message = `claim ${claim} has lost its volume; delete the ModelCache and create it again`
  return { reason: 'ClaimLost', message }
}

/** The size for people: the capacity of the volume, or the request of the claim. */
export function sizeOnClaim({ claim }: Observation): { size?: string } {
  const size = claim?.status?.capacity?.storage ?? claim?.spec.resources?.requests?.storage
  return size === undefined ? {} : { size: String(size) }
}

function made(seen: Observation, name: string): StepResult {
  const { cache, storageClass } = seen
  const { found } = storageClass
  if (found === undefined)
    return storageClass.name === undefined
      ? pending(
          'NoStorageClass',
          'the ModelCache names no StorageClass, and the cluster has no default one; make one that supports ReadWriteMany the default',
        )
      : pending('StorageClassNotFound', `StorageClass ${quote(storageClass.name)} does not exist`)
  const object = claimObject(cache, found.metadata.name, sizeOf(seen))
  return notReady(
    { reason: 'Provisioning', message: `the controller creates claim ${name}` },
    'Provisioning',
    {
      writes: [{ do: 'create', kind: 'PersistentVolumeClaim', object }],
      status: { claimName: name },
    },
  )
}

/** In GiB: the size in the spec, or else from the measured size. */
function sizeOf({ cache: { spec, status } }: Observation): number {
  const measured = status?.bytesTotal
  return (
    spec.storage.pvc?.sizeGiB ??
    (measured === undefined ? SMALL_GIB : 1 + Math.ceil((measured * HEAD_ROOM) / GIB))
  )
}

/**
 * The patch for a bound claim that must grow. Kubernetes changes no claim before it is bound, and a claim
 * never shrinks.
 */
export function growth({ cache, claim }: Observation): Write[] {
  const wanted = cache.spec.storage.pvc?.sizeGiB
  const asked = claim?.spec.resources?.requests?.storage
  const amount = asked === undefined ? undefined : parseQuantity(asked)
  if (claim?.status?.phase !== 'Bound' || wanted === undefined || amount === undefined) return []
  if (amount >= (parseQuantity(`${wanted}Gi`) ?? 0n)) return []
  const { name, resourceVersion } = claim.metadata
  const patch = { spec: { resources: { requests: { storage: `${wanted}Gi` } } } }
  return [{ do: 'merge', kind: 'PersistentVolumeClaim', name, resourceVersion, patch }]
}

function pending(
  reason: 'ClaimTerminating' | 'ClaimNotOwned' | 'NoStorageClass' | 'StorageClassNotFound',
  message: string,
): StepResult {
  return notReady({ reason, message }, 'Pending')
}
