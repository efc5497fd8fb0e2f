import { OS_LABEL, type Pod, type Volume } from '../api/kubernetes/pod.ts'
import { managedVariant } from '../api/managed-name.ts'
import { CACHE_CONSUMER, CACHE_READY_GATE, INJECTED } from '../api/names.ts'
import { type Outcome, ok, refused } from '../api/outcome.ts'
import { type Violation, violation } from '../api/violation.ts'
import { type CacheMount, subPathOf, waits } from './cache-mount.ts'
import { addDigestVariable } from './digest-variable.ts'
import { createPatch, type Operation, type Patch, pointer } from './json-patch.ts'
import { missingScratch, mountState, overlapOfCaches } from './mounts.ts'
import { recordOf } from './record.ts'
import { type Target, targetContainers } from './targets.ts'
import { freeVolumeName, volumesOfClaim } from './volume.ts'

/**
 * The JSON Patch that gives a pod its caches, or why that is impossible.
 *
 * Promises: it only adds, at the end of arrays; nothing that exists changes or moves; planned again on its
 * own result, it adds nothing. Both volume and mount are read-only: the flag on the volume also keeps kubelet
 * from walking the tree to change owners and labels. A pod with a cache that is not Ready waits at a
 * scheduling gate.
 */
export function planInjection(pod: Pod, mounts: readonly CacheMount[]): Outcome<Operation[]> {
  if (isWindows(pod)) {
    const text = 'caches cannot be mounted into Windows pods; run the pod on Linux'
    return refused(violation('NotImplemented', 'spec.os.name', text))
  }
  const paths = mounts.map(({ mountPath }) => mountPath)
  const targets = targetContainers(pod, paths)
  if (targets.refused !== undefined) return targets
  const overlap = overlapOfCaches(mounts)
  if (overlap) return refused(overlap)

  const patch = createPatch()
  const volumes: Volume[] = [...(pod.spec.volumes ?? [])]
  for (const mount of mounts) {
    const problem = addCache(pod, mount, { patch, volumes, targets: targets.value })
    if (problem) return refused(problem)
  }
  patch.set('/metadata/annotations', pod.metadata.annotations, INJECTED, recordOf(mounts))
  patch.set('/metadata/labels', pod.metadata.labels, CACHE_CONSUMER, 'true')
  if (mounts.some(waits)) addGate(pod, patch)
  return ok(patch.operations)
}

function isWindows({ spec }: Pod): boolean {
  return spec.os?.name === 'windows' || spec.nodeSelector?.[OS_LABEL] === 'windows'
}

function addCache(
  pod: Pod,
  mount: CacheMount,
  { patch, volumes, targets }: { patch: Patch; volumes: Volume[]; targets: Target[] },
): Violation | undefined {
  const ofClaim = volumesOfClaim(volumes, mount.claimName)
  const writable = ofClaim.find(({ persistentVolumeClaim: source }) => source?.readOnly !== true)
  if (writable) {
    return violation(
      'MountNotReadOnly',
      'spec.volumes',
      `volume ${writable.name} uses claim ${mount.claimName} of cache ${mount.cache} without readOnly: true; set persistentVolumeClaim.readOnly, or remove the volume and the webhook injects it`,
    )
  }
  const [existing] = ofClaim
  const volume = existing ?? readOnlyVolume(freeVolumeName(mount.cache, volumes), mount.claimName)
  if (!existing) {
    patch.append('/spec/volumes', pod.spec.volumes, volume)
    volumes.push(volume)
  }
  for (const { container, path } of targets) {
    const problem = mount.kind === 'awaited' && addDigestVariable({ container, path }, mount.cache, patch)
    if (problem) return problem
    const state = mountState(container, mount, volume.name)
    if (state.refused !== undefined) return state.refused
    if (state.value === 'absent')
      patch.append(pointer(path, 'volumeMounts'), container.volumeMounts, volumeMount(volume.name, mount))
    if (mount.scratch.length > 0) addScratch(pod, mount, { patch, volumes, target: { container, path } })
  }
  return undefined
}

/** One empty volume for each cache, with a folder for each path, which kubelet creates. */
function addScratch(
  pod: Pod,
  mount: CacheMount,
  { patch, volumes, target }: { patch: Patch; volumes: Volume[]; target: Target },
): void {
  const missing = missingScratch(target.container, mount)
  if (missing.length === 0) return
  const name = managedVariant(mount.cache, 'scratch')
  if (!volumes.some(volume => volume.name === name)) {
    const volume = { name, emptyDir: {} }
    patch.append('/spec/volumes', pod.spec.volumes, volume)
    volumes.push(volume)
  }
  for (const mountPath of missing) {
    const subPath = mountPath.slice(mount.mountPath.length + 1)
    patch.append(pointer(target.path, 'volumeMounts'), target.container.volumeMounts, {
      name,
      mountPath,
      subPath,
    })
  }
}

function readOnlyVolume(name: string, claimName: string): Volume {
  return { name, persistentVolumeClaim: { claimName, readOnly: true } }
}

function volumeMount(name: string, mount: CacheMount) {
  return { name, mountPath: mount.mountPath, readOnly: true, ...subPathOf(mount) }
}

/** Kubernetes: the scheduler ignores a pod as long as it has a gate. */
function addGate({ spec }: Pod, patch: Patch): void {
  if (spec.schedulingGates?.some(({ name }) => name === CACHE_READY_GATE)) return
  patch.append('/spec/schedulingGates', spec.schedulingGates, { name: CACHE_READY_GATE })
}
