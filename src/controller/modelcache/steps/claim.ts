import type { ConsumerPod } from '../../../api/kubernetes/consumer-pod.ts'
import type { PersistentVolumeClaim } from '../../../api/kubernetes/persistent-volume-claim.ts'
import { parseQuantity } from '../../../api/kubernetes/quantity.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { few, quote } from '../../../api/schema/text.ts'
import { deletions } from '../job/ended.ts'
import { isLeftBehind, isMadeFor, madeFor } from '../objects/made-for.ts'
import { claimOf, type Observation } from '../observe.ts'
import { isAskedFor, refetchCommand } from '../refetch.ts'
import { isStaged } from '../staged.ts'
import { goOn, notReady, type Step, type StepResult, type Write } from '../step.ts'

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
  // It is its owner's.
  if (cache.spec.storage.backend === 'ExistingPVC') return goOn()
  if (claim === undefined) return made(seen, name)
  if (claim.metadata.deletionTimestamp !== undefined) return terminating(seen, name)
  if (isLeftBehind(cache, claim)) {
    const message = `claim ${name} is left of an earlier life of this ModelCache, and the controller takes it over`
    return notReady({ reason: 'Provisioning', message }, 'Provisioning', { writes: [adoption(cache, claim)] })
  }
  if (!isMadeFor(cache, claim)) return notOwned(seen, name)
  if (claim.status?.phase === 'Lost') return volumeLost(seen, name)
  return goOn({
    writes: growth(seen),
    status: { claimName: name, claimUID: claim.metadata.uid },
  })
}

/** Makes the cache the owner of a claim that is left of an earlier life. */
export function adoption(cache: ModelCache, { metadata }: PersistentVolumeClaim): Write {
  const { name, resourceVersion } = metadata
  const { ownerReferences } = madeFor(cache)
  return {
    do: 'merge',
    kind: 'PersistentVolumeClaim',
    name,
    resourceVersion,
    patch: { metadata: { ownerReferences } },
  }
}

/** A message has room for this many names. */
const SHOWN = 4

/** Jobs go, because their pods keep the claim, even after their end. */
export function terminating({ cache, runs, holders }: Observation, claim: string): StepResult {
  const message = `claim ${claim} is being deleted; ${whoHolds(cache, holders?.() ?? [])} then the controller creates it again and stages the cache`
  const writes = deletions(runs.hydrate, runs.verify)
  return notReady({ reason: 'ClaimTerminating', message }, 'Pending', { writes })
}

/** Kubernetes keeps a claim as long as a pod has a volume of it, even a pod that has ended. */
function whoHolds({ metadata }: ModelCache, pods: readonly ConsumerPod[]): string {
  if (pods.length === 0) return 'when the last pod that has a volume of it is gone,'
  const names = pods.map(({ metadata: { name } }) => name).toSorted()
  const ended = pods.every(({ finished }) => finished) ? ', which have ended,' : ''
  return `pods ${few(names, SHOWN)}${ended} hold it; delete them (kubectl -n ${metadata.namespace} delete pod ${names.slice(0, SHOWN).join(' ')}), and`
}

export function notOwned({ cache, runs }: Observation, claim: string): StepResult {
  const { namespace } = cache.metadata
  const message = `claim ${claim} exists, but was not created for this ModelCache; delete it (kubectl -n ${namespace} delete pvc ${claim}), or give the ModelCache another name`
  const writes = deletions(runs.hydrate, runs.verify)
  return notReady({ reason: 'ClaimNotOwned', message }, 'Pending', { writes })
}

/** The volume may come back, so the claim goes only if somebody asks for a new one. */
export function volumeLost({ cache, claim, runs }: Observation, name: string): StepResult {
  const message = `claim ${name} has lost its volume; bring the volume back, or get a new one: ${refetchCommand(cache)}`
  const writes: Write[] = deletions(runs.hydrate, runs.verify)
  if (isAskedFor(cache))
    writes.push({
      do: 'delete',
      kind: 'PersistentVolumeClaim',
      name,
      uid: claim?.metadata.uid,
      propagation: 'Background',
    })
  return notReady({ reason: 'ClaimLost', message }, 'Failed', { writes })
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
  const claim = { storageClassName: found.metadata.name, sizeGiB: sizeOf(seen) }
  const message = isStaged(cache)
    ? `claim ${name} is gone, and the snapshot with it, so the controller creates it again and stages the cache`
    : `the controller creates claim ${name}`
  return notReady({ reason: 'Provisioning', message }, 'Provisioning', {
    writes: [{ do: 'create', kind: 'PersistentVolumeClaim', claim }],
    status: { claimName: name },
  })
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

function pending(reason: 'NoStorageClass' | 'StorageClassNotFound', message: string): StepResult {
  return notReady({ reason, message }, 'Pending')
}
