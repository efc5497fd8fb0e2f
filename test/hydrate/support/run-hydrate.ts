import { stringify } from 'yaml'
import { type Ended, type StartOptions, start } from './run-modelcache.ts'

/** The manifest of a ModelCache with that source. */
export function manifestOf(source: object): string {
  return stringify({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name: 'cache', namespace: 'team' },
    spec: {
      artifact: { kind: 'Weights', source },
      mount: { path: '/mnt/model' },
      storage: { backend: 'PVC' },
    },
  })
}

/** Runs `modelcache hydrate` with a manifest on its standard input, if there is one. */
export function startHydrate(
  manifest: string | undefined,
  args: readonly string[],
  options: StartOptions = {},
) {
  const input = manifest === undefined ? [] : ['-f', '-']
  return start(['hydrate', ...input, ...args], manifest, options)
}

export function hydrate(...args: Parameters<typeof startHydrate>): Promise<Ended> {
  return startHydrate(...args).done
}
