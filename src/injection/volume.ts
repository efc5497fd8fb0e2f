import type { Volume } from '../api/kubernetes/pod.ts'
import { managedName } from '../api/managed-name.ts'

/**
 * The pod's volumes for a claim. Two volumes with one claim hang a pod in ContainerCreating, so we reuse an
 * existing one.
 */
export function volumesOfClaim(volumes: readonly Volume[], claimName: string): Volume[] {
  return volumes.filter(volume => volume.persistentVolumeClaim?.claimName === claimName)
}

/** A name for a new volume that no other volume of the pod has. */
export function freeVolumeName(cache: string, volumes: readonly Volume[]): string {
  const wanted = managedName(cache)
  if (!volumes.some(({ name }) => name === wanted)) return wanted
  const taken = new Set(volumes.map(({ name }) => name))
  for (let suffix = 2; ; suffix++) {
    const candidate = managedName(`${cache}-${suffix}`)
    if (!taken.has(candidate)) return candidate
  }
}
