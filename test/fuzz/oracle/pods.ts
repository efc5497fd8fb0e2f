import { isDeepStrictEqual } from 'node:util'
import {
  isHydrationPod,
  managedClaim,
  mountedWritable,
  OUR_CONTROLLER,
  writableClaims,
} from './claim-writable.ts'
import type { Cluster } from './cluster.ts'
import { isStaged, named, placeOf, recordOf } from './cluster.ts'
import { isHydrationTouched } from './hydration.ts'
import { type Injected, inject } from './injection.ts'
import { at, listAt, textAt } from './json.ts'
import { job, pod as podShape } from './kinds.ts'
import { knownDigests, type Mount, mountsFor, snapshotOf } from './mounts.ts'
import { isDigest } from './names.ts'
import { areSound, NO_WISHES, wishesOf } from './references.ts'
import { mountsWhatIsNoSnapshot } from './snapshots.ts'
import { judged, type Verdict } from './verdict.ts'

/** DESIGN 3.3. */
export function judgeNewPod(request: unknown, cluster: Cluster): Verdict {
  const pod = at(request, 'object')
  if (textAt(request, 'operation') !== 'CREATE' || textAt(request, 'subResource')) return judged(pod, [])
  if (!podShape(pod)) return judged(pod, ['SpecInvalid'])
  const { reasons, pod: after } = given(pod, textAt(request, 'namespace') ?? '', cluster, mount => mount)
  return judged(after, reasons)
}

/** DESIGN 3.4. */
export function judgeFinalPod(request: unknown, cluster: Cluster): Verdict {
  const pod = at(request, 'object')
  const operation = textAt(request, 'operation')
  const subResource = textAt(request, 'subResource')
  const isCreated = operation === 'CREATE' && !subResource
  const isDebugged = operation === 'UPDATE' && subResource === 'ephemeralcontainers'
  if (!isCreated && !isDebugged) return judged(pod, [])
  if (!podShape(pod)) return judged(pod, ['SpecInvalid'])
  const reasons = new Set(isCreated ? ofMounts(request, cluster) : [])
  const spec = at(pod, 'spec')
  const claims = isCreated ? writableClaims(spec) : mountedWritable(spec, 'ephemeralContainers')
  for (const claim of claims) {
    const managed = managedClaim(claim, textAt(request, 'namespace') ?? '', cluster)
    if (managed && !(isCreated && isHydrationPod(request, managed.cache))) reasons.add('ClaimWritable')
  }
  if (isHydrationTouched(pod, isCreated)) reasons.add('HydrationProtected')
  return judged(pod, reasons)
}

/** The injected fields are there. If so, nothing else is mounted that is not a snapshot. */
function ofMounts(request: unknown, cluster: Cluster): Iterable<string> {
  const missing = [...ofInjection(request, cluster)]
  if (missing.length > 0) return missing
  const namespace = textAt(request, 'namespace') ?? ''
  return mountsWhatIsNoSnapshot(at(request, 'object'), namespace, cluster) ? ['SnapshotUnknown'] : []
}

/** The injected fields are there, for the snapshot that the pod's own record names. */
function ofInjection(request: unknown, cluster: Cluster): Iterable<string> {
  const pod = at(request, 'object')
  const record = recordOf(pod)
  const asRecorded = (mount: Mount): Mount => {
    const digest = record.get(mount.cache)
    const cache = named(cluster.caches, mount.cache, textAt(request, 'namespace') ?? '')
    if (digest === undefined || !isDigest(mount.identity) || !knownDigests(cache).has(digest)) return mount
    return { ...mount, identity: digest, subPath: placeOf(cache).folder + snapshotOf(digest) }
  }
  const { reasons, pod: after } = given(pod, textAt(request, 'namespace') ?? '', cluster, asRecorded)
  if (reasons.size > 0) return reasons
  return isDeepStrictEqual(after, pod) ? [] : ['InjectionMissing']
}

/** A pod with the caches that it names, or everything that prevents that. */
function given(pod: unknown, namespace: string, cluster: Cluster, adjust: (mount: Mount) => Mount): Injected {
  const wishes = wishesOf(pod)
  if (wishes === undefined) return { reasons: new Set(), pod }
  // An unreadable annotation asks for nothing.
  const { mounts, reasons } = mountsFor(pod, areSound(wishes) ? wishes : NO_WISHES, namespace, cluster)
  const injected = inject(pod, mounts.map(adjust))
  const unsound = areSound(wishes) ? [] : ['ReferenceInvalid']
  return { reasons: new Set([...unsound, ...reasons, ...injected.reasons]), pod: injected.pod }
}

/** Whether a Job of our controller writes to a claim of others, and no ModelCache wants that. */
function writesElsewhere(object: unknown, namespace: string, { caches }: Cluster): boolean {
  const pod = at(object, 'spec', 'template', 'spec')
  const owners = listAt(object, 'metadata', 'ownerReferences')
  const owner = textAt(
    owners.find(candidate => at(candidate, 'controller') === true),
    'name',
  )
  const cache = named(caches, owner ?? '', namespace)
  const wanted = at(cache, 'spec', 'storage', 'existingPVC')
  const mounts = ['containers', 'initContainers']
    .flatMap(kind => listAt(pod, kind))
    .flatMap(container => listAt(container, 'volumeMounts'))
  return listAt(pod, 'volumes').some(volume => {
    const source = at(volume, 'persistentVolumeClaim')
    const claim = textAt(source, 'claimName')
    if (claim === undefined || at(source, 'readOnly') === true || claim.startsWith('modelcache--'))
      return false
    const folder = textAt(wanted, 'subPath')
    const isWanted = cache !== undefined && isStaged(cache) && textAt(wanted, 'name') === claim
    if (!isWanted || folder === undefined) return true
    return mounts.some(
      mount => textAt(mount, 'name') === textAt(volume, 'name') && textAt(mount, 'subPath') !== folder,
    )
  })
}

/** DESIGN 3.4: a Job whose pods would write to a managed claim belongs to our controller. */
export function judgeJob(request: unknown, cluster: Cluster): Verdict {
  const object = at(request, 'object')
  if (textAt(request, 'operation') !== 'CREATE' || textAt(request, 'subResource')) return judged(object, [])
  if (!job(object)) return judged(object, ['SpecInvalid'])
  const namespace = textAt(request, 'namespace') ?? ''
  if (textAt(request, 'userInfo', 'username') === OUR_CONTROLLER)
    return judged(object, writesElsewhere(object, namespace, cluster) ? ['ClaimWritable'] : [])
  const claims = [...writableClaims(at(object, 'spec', 'template', 'spec'))]
  return judged(
    object,
    claims.some(claim => managedClaim(claim, namespace, cluster)) ? ['ClaimWritable'] : [],
  )
}
