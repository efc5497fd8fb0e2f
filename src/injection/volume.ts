import { createHash } from 'node:crypto'
import type { Volume } from '../api/pod.ts'

/** Kubernetes: a volume name is a DNS label, 63 characters at most. */
const MAX_VOLUME_NAME = 63

/** The pod's volume for a claim. Two volumes on one claim hang a pod in ContainerCreating, so it is reused. */
export function volumeOfClaim(volumes: readonly Volume[], claimName: string): Volume | undefined {
  return volumes.find(volume => volume.persistentVolumeClaim?.claimName === claimName)
}

/** A name for a new volume that no other volume of the pod has. */
export function freeVolumeName(cache: string, volumes: readonly Volume[]): string {
  const taken = new Set(volumes.map(({ name }) => name))
  const name = volumeName(cache)
  if (!taken.has(name)) return name
  for (let suffix = 2; ; suffix++) {
    const candidate = volumeName(`${cache}-${suffix}`)
    if (!taken.has(candidate)) return candidate
  }
}

/** `modelcache-<cache>` as a DNS label; what is too long or has dots is cut and told apart by a hash. */
export function volumeName(cache: string): string {
  const name = `modelcache-${cache}`
  if (name.length <= MAX_VOLUME_NAME && !name.includes('.')) return name
  const hash = createHash('sha256').update(cache).digest('hex').slice(0, 8)
  return `${name.replaceAll('.', '-').slice(0, MAX_VOLUME_NAME - hash.length - 1)}-${hash}`
}
