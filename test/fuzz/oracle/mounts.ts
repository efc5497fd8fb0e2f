import {
  annotation,
  type Cluster,
  claimsByVolume,
  consumersIn,
  isGated,
  isMountable,
  isStaged,
  LEADER_NAME,
  named,
  nameOf,
  placeOf,
  recordOf,
} from './cluster.ts'
import { at, listAt, textAt } from './json.ts'
import { digestVariableFor, isDigest, labelFor } from './names.ts'
import type { Wishes } from './references.ts'

/** What a pod should get of a cache. */
export interface Mount {
  cache: string
  claim: string
  path: string
  /** Folders below the path where pods write. */
  scratch: string[]
  /** What the pod's record says about it. */
  identity: string
  subPath?: string | undefined
  /** Stands for a folder that is not known yet. */
  variable?: { name: string; fieldPath: string; subPathExpr: string }
  /** The pod waits for it at a scheduling gate. */
  waits: boolean
}

/** The mounts of the caches that a pod names, and why it cannot have the others. */
export function mountsFor(
  pod: unknown,
  { caches = [], gate = false }: Wishes,
  namespace: string,
  cluster: Cluster,
): { mounts: Mount[]; reasons: string[] } {
  const mounts: Mount[] = []
  const reasons: string[] = []
  for (const name of caches) {
    const cache = named(cluster.caches, name, namespace)
    const mount =
      cache === undefined ? undefined : mountOf(pod, cache, gate, leaderOf(pod, namespace, cluster))
    // Kubernetes: a pod with a node cannot wait at a gate.
    const isImpossible = mount?.waits && Boolean(textAt(pod, 'spec', 'nodeName'))
    const staged = textAt(cache, 'status', 'claimUID')
    const claim = mount && named(cluster.claims, mount.claim, namespace)
    // The claim of that name is another one, or gone, so nobody knows what it holds.
    const isReplaced =
      mount?.waits === false && staged !== undefined && textAt(claim, 'metadata', 'uid') !== staged
    if (cache === undefined) reasons.push('CacheNotFound')
    else if (mount === undefined || isImpossible || isReplaced) reasons.push('CacheNotReady')
    else mounts.push(mount)
  }
  return { mounts, reasons }
}

function mountOf(pod: unknown, cache: unknown, gate: boolean, leader: unknown): Mount | undefined {
  const given = leader === undefined ? undefined : mountOfLeader(leader, cache)
  if (given && (gate || !given.waits)) return given
  const brought = broughtBy(pod, cache)
  if (brought && (brought.waits ? gate : isMountable(cache))) return brought
  if (isMountable(cache)) return readyMount(cache, textAt(cache, 'status', 'resolvedDigest') ?? '')
  return gate ? pendingMount(cache) : undefined
}

/** What a pod already has: from an earlier call, or from a backup or a copy. */
function broughtBy(pod: unknown, cache: unknown): Mount | undefined {
  const recorded = recordOf(pod).get(nameOf(cache))
  const pending = pendingMount(cache)
  if (recorded === 'pending') return pending
  if (!isStaged(cache)) return undefined
  if (bringsFolder(pod, pending.path, pending.variable?.subPathExpr ?? '')) return pending
  const isKnown = recorded !== undefined && knownDigests(cache).has(recorded)
  return isKnown && bringsFolder(pod, pending.path, placeOf(cache).folder + snapshotOf(recorded))
    ? readyMount(cache, recorded)
    : undefined
}

/** Whether a container mounts exactly that folder, of any volume, at a path. */
function bringsFolder(pod: unknown, path: string, folder: string): boolean {
  return [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')]
    .flatMap(container => listAt(container, 'volumeMounts'))
    .some(mount => {
      const [subPath, expression] = [textAt(mount, 'subPath') ?? '', textAt(mount, 'subPathExpr') ?? '']
      const isThere = samePath(textAt(mount, 'mountPath') ?? '', path)
      return (
        isThere && (expression === '' ? samePath(subPath, folder) : subPath === '' && expression === folder)
      )
    })
}

/** Kubernetes accepts `//` and `.` in paths. */
function samePath(one: string, other: string): boolean {
  const parts = (path: string) =>
    path
      .split('/')
      .filter(part => part !== '' && part !== '.')
      .join('/')
  return parts(one) === parts(other)
}

function leaderOf(pod: unknown, namespace: string, cluster: Cluster): unknown {
  const name = annotation(pod, LEADER_NAME)
  return name ? named(consumersIn(cluster, namespace), name) : undefined
}

/** A worker gets what its leader got, if that is beyond doubt. */
function mountOfLeader(leader: unknown, cache: unknown): Mount | undefined {
  const identity = recordOf(leader).get(nameOf(cache))
  if (!isStaged(cache)) {
    const mount = readyMount(cache, '')
    // A leader that still waits has not got the claim yet.
    return identity === mount.identity && !isGated(leader) ? mount : undefined
  }
  if (identity === 'pending') return pendingMount(cache)
  if (identity === undefined || !knownDigests(cache).has(identity)) return undefined
  const { claim, folder } = placeOf(cache)
  const folders = foldersOf(leader)
  // A leader that has waited mounts by the variable, and its record now has the digest.
  const expression = pendingMount(cache).variable?.subPathExpr
  const isMounted =
    folders.has(`${claim}/${folder}${snapshotOf(identity)}`) || folders.has(`${claim}/${expression}`)
  return isMounted ? readyMount(cache, identity) : undefined
}

/** The complete snapshots, as only the controller knows them. */
export function knownDigests(cache: unknown): Set<unknown> {
  const older = listAt(cache, 'status', 'snapshots').map(snapshot => at(snapshot, 'digest'))
  return new Set([at(cache, 'status', 'resolvedDigest'), ...older].filter(isDigest))
}

/** The folders of claims that containers of a pod mount, as `claim/folder`. */
export function foldersOf(pod: unknown): Set<string> {
  const claims = claimsByVolume(at(pod, 'spec'))
  const folders = new Set<string>()
  for (const container of [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')]) {
    for (const mount of listAt(container, 'volumeMounts')) {
      const claim = claims.get(at(mount, 'name'))
      const folder = textAt(mount, 'subPath') ?? textAt(mount, 'subPathExpr')
      if (claim !== undefined && folder !== undefined) folders.add(`${claim}/${folder}`)
    }
  }
  return folders
}

/** DESIGN 4: a dash, because some file servers accept no colon. */
export function snapshotOf(digest: string): string {
  return `snapshots/${digest.split(':').join('-')}`
}

/** One snapshot of a managed claim, or what people have put on theirs. */
export function readyMount(cache: unknown, digest: string): Mount {
  const scratch = listAt(cache, 'spec', 'mount', 'scratch').map(String)
  const common = {
    cache: nameOf(cache),
    path: textAt(cache, 'spec', 'mount', 'path') ?? '',
    scratch,
    waits: false,
  }
  if (!isStaged(cache)) {
    const claim = textAt(cache, 'spec', 'storage', 'existingPVC', 'name') ?? ''
    const subPath = textAt(cache, 'spec', 'storage', 'existingPVC', 'subPath')
    return { ...common, claim, subPath, identity: `pvc/${claim}` }
  }
  const { claim, folder } = placeOf(cache)
  return { ...common, claim, subPath: folder + snapshotOf(digest), identity: digest }
}

/** What is known before the cache is Ready. The folder comes from an annotation when the container starts. */
export function pendingMount(cache: unknown): Mount {
  const ready = readyMount(cache, '')
  if (!isStaged(cache)) return { ...ready, waits: true }
  const name = digestVariableFor(ready.cache)
  const fieldPath = `metadata.annotations['digest.modelplane.ai/${labelFor(ready.cache)}']`
  const variable = { name, fieldPath, subPathExpr: `${placeOf(cache).folder}snapshots/$(${name})` }
  return { ...ready, subPath: undefined, variable, identity: 'pending', waits: true }
}
