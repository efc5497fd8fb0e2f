import type { Mount } from '../oracle/mounts.ts'
import type { Random } from './random.ts'
import { CACHE_NAMES, CLAIM_NAMES } from './words.ts'

export interface GeneratedVolume {
  name: string
  emptyDir?: object
  persistentVolumeClaim?: { claimName: string; readOnly: boolean | undefined }
}

const NAMES = ['mine', 'shm', ...CACHE_NAMES.map(name => `modelcache--${name}`), 'modelcache--llama-2']

/** Volumes of a pod, with names that injection would use itself, on the claims of caches. */
export function generateVolumes(mounts: readonly Mount[], random: Random): GeneratedVolume[] {
  const claims = [...CLAIM_NAMES, ...mounts.map(({ claim }) => claim)]
  return random.some(NAMES, 0.15).map(name => {
    if (random.chance(0.3)) return { name, emptyDir: {} }
    const readOnly = random.perhaps(0.93, () => random.chance(0.9))
    return { name, persistentVolumeClaim: { claimName: random.pick(claims), readOnly } }
  })
}
