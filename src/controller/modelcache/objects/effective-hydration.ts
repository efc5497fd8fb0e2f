import type { HydrationDefaults } from '../../../api/hydration-defaults.ts'
import type { ModelCache } from '../../../api/modelcache.ts'

type Own = NonNullable<ModelCache['spec']['hydration']>

/**
 * What a Job is made with: the values of its ModelCache, and those of the installation that it leaves open.
 */
export interface EffectiveHydration extends Own {
  affinity?: object | undefined
}

/** Maps are merged key by key, and the ModelCache wins. Lists have the items of both. */
export function effectiveHydration(
  { spec }: ModelCache,
  defaults: HydrationDefaults = {},
): EffectiveHydration {
  const own = spec.hydration ?? {}
  return {
    ...defaults,
    ...own,
    labels: { ...defaults.labels, ...own.labels },
    annotations: { ...defaults.annotations, ...own.annotations },
    nodeSelector: { ...defaults.nodeSelector, ...own.nodeSelector },
    tolerations: joined(own.tolerations, defaults.tolerations),
    imagePullSecrets: joined(own.imagePullSecrets, defaults.imagePullSecrets),
    resources: {
      requests: { ...defaults.resources?.requests, ...own.resources?.requests },
      limits: { ...defaults.resources?.limits, ...own.resources?.limits },
    },
    securityContext: (own.securityContext ?? defaults.securityContext) && {
      ...defaults.securityContext,
      ...own.securityContext,
    },
  }
}

function joined<T>(own: readonly T[] = [], more: readonly T[] = []): T[] | undefined {
  const all = [...own, ...more]
  return all.length === 0 ? undefined : all
}
