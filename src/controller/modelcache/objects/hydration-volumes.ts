import type { ModelCache } from '../../../api/modelcache.ts'
import { askSource } from '../../../api/sources.ts'
import { stagingPlace } from '../../../api/staging.ts'

/** Where a Job finds its claim. */
export const VOLUME = '/volume'
const SECRETS = '/secrets'
const CONFIG_MAPS = '/config-maps'
const CLAIMS = '/claims'

/** A volume of a pod, and where its container has it. */
export type MountedVolume = {
  name: string
  mountPath: string
  readOnly?: boolean
  subPath?: string
} & Readonly<Record<string, unknown>>

/**
 * The claim of the cache, or its folder of a claim that people made: the Job sees nothing else of that one.
 */
export function volumeOf(cache: ModelCache, { readOnly }: { readOnly: boolean }): MountedVolume {
  const { claimName, folder } = stagingPlace(cache)
  return {
    name: 'volume',
    persistentVolumeClaim: { claimName, ...(readOnly && { readOnly }) },
    mountPath: VOLUME,
    readOnly,
    ...(folder !== undefined && { subPath: folder }),
  }
}

/** What a source needs from the cluster. */
export interface Inputs {
  args: string[]
  volumes: MountedVolume[]
}

export const NO_INPUTS: Inputs = { args: [], volumes: [] }

/**
 * The Secret, the ConfigMap or the claim of the source. If the Secret or the ConfigMap is missing, the
 * hydrator reports it and says what to do.
 */
export function inputsOf({ spec }: ModelCache): Inputs {
  const { source } = spec.artifact
  const secret = askSource(source, (type, value) => type.secret?.(value))
  const configMap = askSource(source, (type, value) => type.configMap?.(value))
  const claim = askSource(source, (type, value) => type.claim?.(value))
  const args: string[] = []
  const volumes: MountedVolume[] = []
  if (secret !== undefined) {
    const { name: secretName, keys } = secret
    const items = keys.map(key => ({ key, path: key }))
    args.push('--secrets', SECRETS)
    volumes.push({
      name: 'secret',
      secret: { secretName, optional: true, items, defaultMode: 0o440 },
      mountPath: `${SECRETS}/${secretName}`,
      readOnly: true,
    })
  }
  if (configMap !== undefined) {
    args.push('--config-maps', CONFIG_MAPS)
    volumes.push({
      name: 'config-map',
      configMap: { name: configMap, optional: true },
      mountPath: `${CONFIG_MAPS}/${configMap}`,
      readOnly: true,
    })
  }
  // kubelet keeps both up to date in a running pod, and nobody has to tell the controller.
  if (secret !== undefined || configMap !== undefined) args.push('--await-inputs')
  if (claim !== undefined) {
    args.push('--claims', CLAIMS)
    volumes.push({
      name: 'source',
      persistentVolumeClaim: { claimName: claim, readOnly: true },
      mountPath: `${CLAIMS}/${claim}`,
      readOnly: true,
    })
  }
  return { args, volumes }
}
