import type { ClusterView } from '../admission/cluster-view.ts'
import type { RuleKind } from '../api/kinds.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { isStaging, stagingPlace } from '../api/staging.ts'

/** Stands for a digest that nobody knows yet. No bytes have this digest. */
export const ASSUMED_DIGEST = `sha256:${'0'.repeat(64)}`

/**
 * The same cluster as it will be when every ModelCache is Ready. Caches that are being deleted will not be.
 */
export function assumeReady(view: ClusterView): ClusterView {
  const whenReady = (cache: ModelCache | undefined) => cache && readied(cache)
  return {
    ...view,
    get<K extends RuleKind>(kind: K, namespace: string | undefined, name: string) {
      const found = view.get(kind, namespace, name)
      return kind === 'ModelCache' ? (whenReady(found as ModelCache | undefined) as typeof found) : found
    },
    modelCachesOfSource: (namespace, source) => [...view.modelCachesOfSource(namespace, source)].map(readied),
    modelCacheOfClaim: (namespace, claim) => whenReady(view.modelCacheOfClaim(namespace, claim)),
  }
}

function readied(cache: ModelCache): ModelCache {
  const { spec, status } = cache
  return {
    ...cache,
    status: {
      ...status,
      phase: 'Ready',
      conditions: [...(status?.conditions?.filter(({ type }) => type !== 'Ready') ?? []), READY],
      claimName: stagingPlace(cache).claimName,
      ...(isStaging(spec) && { resolvedDigest: status?.resolvedDigest ?? ASSUMED_DIGEST }),
    },
  }
}

const READY = {
  type: 'Ready',
  status: 'True',
  reason: 'Assumed',
  message: 'assumed by modelcache review --assume-ready',
  lastTransitionTime: '1970-01-01T00:00:00Z',
} as const
