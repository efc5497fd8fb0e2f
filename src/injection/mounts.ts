import { posix } from 'node:path'
import type { Container, VolumeMount } from '../api/kubernetes/pod.ts'
import { managedName } from '../api/managed-name.ts'
import { cleanPath, isWithin } from '../api/mount-path.ts'
import { type Outcome, ok, refused } from '../api/outcome.ts'
import { type Violation, violation } from '../api/violation.ts'
import { digestOf } from '../api/volume-layout.ts'
import { type CacheMount, subPathOf } from './cache-mount.ts'

/** Two caches of one pod must not cover each other's path. */
export function overlapOfCaches(mounts: readonly CacheMount[]): Violation | undefined {
  for (const [index, one] of mounts.entries()) {
    const other = mounts.slice(index + 1).find(mount => overlaps(one.mountPath, mount.mountPath))
    if (other) {
      return violation(
        'MountPathConflict',
        'metadata.annotations[modelplane.ai/caches]',
        `caches ${one.cache} and ${other.cache} are mounted at ${one.mountPath} and ${other.mountPath}, one inside the other; give one of the ModelCaches another spec.mount.path`,
      )
    }
  }
  return undefined
}

const PRESENT = ok('present' as const)
const ABSENT = ok('absent' as const)

/**
 * How a container relates to a mount: it already has it, it is free for it, or something else is in the way,
 * even if the mount is there too. A nested mount counts as in the way unless it is in a scratch folder,
 * because the container fails to start if the inner folder is missing on the outer volume.
 */
export function mountState(
  container: Container,
  mount: CacheMount,
  volumeName: string,
): Outcome<'present' | 'absent'> {
  let present = false
  for (const existing of container.volumeMounts ?? []) {
    const path = containerPath(existing.mountPath)
    if (!overlaps(path, mount.mountPath) || isInScratch(path, mount)) continue
    if (path !== mount.mountPath || !isSameContent(existing, mount, volumeName))
      return refused(
        otherMount(container, mount, existing, { isAtPath: path === mount.mountPath, volumeName }),
      )
    if (existing.readOnly !== true) return refused(writable(container, mount, existing))
    present = true
  }
  const device = container.volumeDevices?.find(({ devicePath }) =>
    overlaps(containerPath(devicePath), mount.mountPath),
  )
  if (device) return refused(conflict(container, mount, `device ${device.devicePath}`))
  return present ? PRESENT : ABSENT
}

/**
 * The scratch folders of a mount that the container lacks. One at the same path counts, whoever brought it.
 */
export function missingScratch({ volumeMounts = [] }: Container, { scratch }: CacheMount): string[] {
  const there = new Set(volumeMounts.map(({ mountPath }) => containerPath(mountPath)))
  return scratch.filter(path => !there.has(path))
}

/** Kubernetes can mount something there, because the folder exists on the volume. */
function isInScratch(path: string, { scratch }: CacheMount): boolean {
  return scratch.some(folder => isWithin(path, folder))
}

/** The path of a mount in the container. Kubernetes accepts relative paths and paths with `..` in them. */
function containerPath(path: string): string {
  return posix.resolve('/', path)
}

function overlaps(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}

function isSameContent(existing: VolumeMount, mount: CacheMount, volumeName: string): boolean {
  const { subPath, subPathExpr } = subPathOf(mount)
  return (
    existing.name === volumeName &&
    (existing.subPathExpr ?? '') === (subPathExpr ?? '') &&
    cleanPath(existing.subPath ?? '') === cleanPath(subPath ?? '')
  )
}

/** Words for our own mount of another time, or on another volume, differ from those for a foreign mount. */
function otherMount(
  container: Container,
  mount: CacheMount,
  existing: VolumeMount,
  { isAtPath, volumeName }: { isAtPath: boolean; volumeName: string },
): Violation {
  const { cache, claimName, mountPath } = mount
  const place = `container ${container.name} mounts cache ${cache} at ${mountPath}`
  if (isAtPath && existing.name === volumeName) {
    const text = `${place} from ${folderOf(existing)}, but should get ${folderOf(subPathOf(mount))}; remove that mount, and the webhook injects the right one`
    return violation('MountPathConflict', 'spec.containers', text)
  }
  if (isAtPath && existing.name === managedName(cache)) {
    const text = `${place} from volume ${existing.name}, which does not use its claim ${claimName}, because somebody has replaced the volume; remove the volume and its mounts, and the webhook injects the right ones`
    return violation('MountPathConflict', 'spec.containers', text)
  }
  return conflict(container, mount, `volume ${existing.name} at ${existing.mountPath}`)
}

/** A folder of a claim in words. A snapshot is named by its digest. */
function folderOf({ subPath, subPathExpr }: Pick<VolumeMount, 'subPath' | 'subPathExpr'>): string {
  if (subPathExpr) return 'the snapshot that it waits for'
  const digest = digestOf(subPath ?? '')
  if (digest !== undefined) return `snapshot ${digest}`
  return subPath ? `folder ${subPath}` : 'the whole claim'
}

function conflict(container: Container, mount: CacheMount, found: string): Violation {
  return violation(
    'MountPathConflict',
    'spec.containers',
    `container ${container.name} has ${found}, which conflicts with cache ${mount.cache} at ${mount.mountPath}; remove it, or choose containers with annotation modelplane.ai/cache-containers`,
  )
}

function writable(container: Container, mount: CacheMount, existing: VolumeMount): Violation {
  return violation(
    'MountNotReadOnly',
    'spec.containers',
    `container ${container.name} mounts cache ${mount.cache} at ${existing.mountPath} without readOnly: true; add it, or remove the mount and the webhook injects it`,
  )
}
