import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { MAX_SERVING_CLUSTERS } from '../../api/modeldeployment-status.ts'
import { servingClusters } from '../../api/placement.ts'
import { conditionOf, isReady } from '../../api/readiness.ts'
import type { ReadableStore } from '../../kube/store.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import type { CacheCopy } from '../caches/copy.ts'
import { type Copies, keyOf } from '../copies/copies.ts'
import type { Whereabouts } from '../copies/finalizer.ts'
import type { Connected } from '../members.ts'
import { unknownBy } from '../unknown-by.ts'
import type { DeploymentCopy, ServingState } from './copy.ts'
import type { CandidateState } from './shares.ts'

/** What is known of a ModelDeployment in one cluster. */
export interface Site extends Whereabouts {
  readonly cluster: string
  /** The hub's own, where the ModelDeployment is the one of its author. */
  readonly isOwn: boolean
  readonly state: CandidateState
  readonly share: number
  /** When a silent cluster counts as lost, in milliseconds since the epoch. */
  readonly lostAt?: number | undefined
  /** How many of its caches are Ready there. */
  readonly readyCaches?: number | undefined
  /** Why it cannot serve. */
  readonly obstacle?: string | undefined
  /** What keeps the copy from being as it should. */
  readonly problem?: string | undefined
  readonly copy?: (ServingState & { readonly isLeaving: boolean }) | undefined
  /** How many instances it has: of the copy, or of the hub's own. */
  readonly instances?: ServingState | undefined
  /** How many of its share serve, as far as it was heard of. */
  readonly serving: number
}

/** What the hub knows. */
export interface Surroundings {
  readonly clusters: readonly InferenceCluster[]
  /** The configured name of the hub's own cluster. */
  readonly clusterName: string | undefined
  /** The ModelCaches of the hub. */
  readonly caches: Pick<ReadableStore<ModelCache>, 'get'>
  readonly cacheCopies: Pick<Connected<CacheCopy>, 'get'>
  readonly copies: Pick<Connected<DeploymentCopy>, 'get'>
  /** For how long a silent cluster keeps its share, in milliseconds. */
  readonly graceMs: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Every cluster that a ModelDeployment is to serve in, or may still serve in, in the order of their names.
 * Undefined if it has to do with its own cluster alone.
 */
export function sitesOf(deployment: KnownDeployment, around: Surroundings): Site[] | undefined {
  const { clusters, clusterName } = around
  const here = thisCluster(clusters, clusterName)
  const names = servingClusters(deployment, clusters, here)
  const selected = new Set(names ?? (here && [here.metadata.name]))
  const sites = clusters.flatMap(cluster => {
    const isSelected = selected.delete(cluster.metadata.name)
    const siteIn = cluster === here ? ownSite : otherSite
    const site = siteIn(deployment, cluster, { ...around, isSelected })
    return isSelected || mayServe(site) ? [site] : []
  })
  if (names === undefined && !sites.some(({ isOwn }) => !isOwn)) return undefined
  const unregistered = [...selected].map(cluster => unregisteredSite(deployment, cluster))
  return firstOf([...sites, ...unregistered])
}

type Within = Surroundings & { readonly isSelected: boolean }

/** The hub's own cluster, whose controller tells how far it is. */
function ownSite(deployment: KnownDeployment, cluster: InferenceCluster, around: Within): Site {
  const { local } = deployment.status ?? {}
  const caches = cachesThere(deployment, around, problemHere)
  const share = shareIn(deployment, cluster.metadata.name)
  return {
    ...{ cluster: cluster.metadata.name, isOwn: true, share, ...caches },
    instances: local && { ...local, isComplete: local.complete },
    serving: Math.min(share, local?.readyReplicas ?? 0),
    state: stateOf(around, caches),
  }
}

function otherSite(deployment: KnownDeployment, cluster: InferenceCluster, around: Within): Site {
  const { namespace, name } = deployment.metadata
  const { name: clusterName } = cluster.metadata
  const copies = around.copies.get(clusterName)
  const unknown = unknownBy(cluster)
  // Without both kinds, nobody can tell what the cluster can do.
  const cacheCopies = around.cacheCopies.get(clusterName)
  const isKnown = copies?.isKnown() === true && cacheCopies?.isKnown() === true
  const found = copies?.store.get(namespace, name)
  const copy = found && { ...found.state, isLeaving: found.metadata.deletionTimestamp !== undefined }
  const share = shareIn(deployment, clusterName)
  const common = {
    ...{ cluster: clusterName, isOwn: false, share, copy },
    problem: copies?.problemOf(keyOf(deployment)),
  }
  if (unknown !== undefined || !isKnown)
    return { ...common, ...silence(deployment, cluster, { ...around, unknown }) }
  const caches = cachesThere(deployment, around, cache => problemThere(cache, cacheCopies))
  // A cluster counts for what it was asked for, whatever it says.
  const serving = Math.min(share, copy?.readyReplicas ?? 0)
  return { ...common, ...caches, instances: copy, serving, state: stateOf(around, caches) }
}

function stateOf({ isSelected }: Within, { obstacle }: CachesThere): CandidateState {
  if (!isSelected) return 'left'
  return obstacle === undefined ? 'open' : 'unready'
}

/** What holds for a cluster that is silent: what was known of it last, for a while. */
function silence(
  deployment: KnownDeployment,
  cluster: InferenceCluster,
  { unknown, graceMs, now }: Within & { unknown: string | undefined },
) {
  const entry = entryOf(deployment, cluster.metadata.name)
  const since = silentSince(cluster)
  const isLost = since !== undefined && now >= since + graceMs
  return {
    // Where status does not say that something may be there, nothing is.
    ...(entry !== undefined && { unknown, isUnheard: unknown === undefined }),
    obstacle: unknown ?? 'nothing has been heard of the cluster yet',
    serving: entry?.readyReplicas ?? 0,
    state: isLost ? ('lost' as const) : ('silent' as const),
    ...(since !== undefined && !isLost && { lostAt: since + graceMs }),
  }
}

function unregisteredSite(deployment: KnownDeployment, cluster: string): Site {
  const share = shareIn(deployment, cluster)
  const obstacle = 'there is no InferenceCluster of this name'
  return { cluster, isOwn: false, share, serving: 0, state: 'unready', obstacle }
}

function shareIn(deployment: KnownDeployment, cluster: string): number {
  return entryOf(deployment, cluster)?.replicas ?? 0
}

function entryOf({ status }: KnownDeployment, cluster: string) {
  return status?.clusters?.find(({ name }) => name === cluster)
}

/** Whether instances may be there, or what the hub has made for them. */
export function mayServe({ isOwn, share, copy, unknown, isUnheard }: Site): boolean {
  return isOwn ? share > 0 : copy !== undefined || share > 0 || unknown !== undefined || isUnheard === true
}

/** Since when a cluster is not as a cluster should be; undefined if it is, or if nobody has looked. */
function silentSince({ status }: InferenceCluster): number | undefined {
  const why = ['Reachable', 'Ready']
    .map(type => conditionOf(status, type))
    .find(each => each?.status === 'False')
  return why && Date.parse(why.lastTransitionTime)
}

/** What is known of the caches of a ModelDeployment in one cluster. */
interface CachesThere {
  readonly readyCaches: number
  /** Why the first of the others is not Ready. */
  readonly obstacle: string | undefined
}

function cachesThere(
  { metadata: { namespace }, spec: { caches } }: KnownDeployment,
  { caches: known }: Surroundings,
  problemOf: (cache: ModelCache) => string | undefined,
): CachesThere {
  const problems = (caches ?? []).flatMap(({ name }) => {
    const cache = known.get(namespace, name)
    return (cache === undefined ? missing(name, namespace) : problemOf(cache)) ?? []
  })
  return { readyCaches: (caches ?? []).length - problems.length, obstacle: problems[0] }
}

/** Why a cache cannot be mounted in the hub's own cluster. */
function problemHere(cache: ModelCache): string | undefined {
  const isMountable = isReady(cache) && cache.status?.claimName !== undefined
  return isMountable ? undefined : `cache ${cache.metadata.name} is not Ready there`
}

/** The same of another cluster. */
function problemThere(
  { metadata: { namespace, name } }: ModelCache,
  copies: Copies<CacheCopy> | undefined,
): string | undefined {
  const copy = copies?.store.get(namespace, name)
  if (copy === undefined)
    return `cache ${name} is not there; its clusterSelector must select the cluster, too`
  const { ready, phase, message = 'nothing is known yet' } = copy.state
  return ready ? undefined : `cache ${name} is ${phase}: ${message}`
}

function missing(cache: string, namespace = ''): string {
  return `there is no ModelCache ${cache} in namespace ${namespace}; create it`
}

/** As many as status can name, first those that may have instances. */
function firstOf(sites: readonly Site[]): Site[] {
  const rank = (site: Site) => (mayServe(site) ? 0 : 1)
  return sites
    .toSorted((one, other) => rank(one) - rank(other) || byName(one, other))
    .slice(0, MAX_SERVING_CLUSTERS)
    .toSorted(byName)
}

function byName(one: Site, other: Site): number {
  return one.cluster < other.cluster ? -1 : 1
}
