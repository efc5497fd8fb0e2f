import type { HydrationProgress } from '../../api/hydration-report.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { HydrationJob } from '../../api/kubernetes/hydration-job.ts'
import type { HydrationPod } from '../../api/kubernetes/hydration-pod.ts'
import type { PersistentVolume } from '../../api/kubernetes/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/kubernetes/persistent-volume-claim.ts'
import type { StorageClass } from '../../api/kubernetes/storage-class.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { clustersOf, hasHub, isMeantHere } from '../../api/placement.ts'
import { stagingPlace } from '../../api/staging.ts'
import type { Stores } from '../../cluster/stores.ts'
import { type EffectiveClass, effectiveClass } from '../../storage/effective-class.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import type { CONTROLLER_KINDS } from '../kinds.ts'
import type { ApiRejection } from './api-rejection.ts'
import { jobName, type Purpose } from './objects/hydration-job.ts'
import { isMadeFor, isOrphan } from './objects/made-for.ts'
import type { Turn } from './turns.ts'

/**
 * A Job of a cache, and its pods. A Job without an owner was ours too, because its name is
 * reserved.
 */
export interface Run {
  job: HydrationJob
  /** The pods that exist, the newest last. */
  pods: readonly HydrationPod[]
}

/** Details that we ask the API server for when they are needed, because no watch shows them. */
export interface Details {
  /** The workloads that use the cache; null if that could not be found out. */
  references?: ModelCacheStatus['references'] | null
  /** How far the running pod is and what keeps it from getting on, from its log. */
  progress?: HydrationProgress | undefined
  /** The latest Warning about the claim, or about the Job and its pod. */
  warnings?: { claim?: string | undefined; run?: string | undefined }
  /** The pods that have not ended, read live when bytes are about to go. */
  consumers?: readonly ConsumerPod[] | undefined
}

/** Everything that we know about one cache when we look at it. */
export interface Observation extends Details {
  cache: ModelCache
  /** The claim that pods mount, if it exists. */
  claim: PersistentVolumeClaim | undefined
  /** The class of that claim, if it exists. */
  claimClass?: StorageClass | undefined
  /** The volume of that claim, if it has one that exists. */
  volume?: PersistentVolume | undefined
  /** What was created for this cache and exists. */
  runs: { readonly [T in Purpose]?: Run | undefined }
  /** The pods that have a volume of the claim, ended ones too. Asked only when something is to go. */
  holders?: () => readonly ConsumerPod[]
  /** Whose turn it is to hydrate, if only so many may do so side by side. */
  turn?: (() => Turn) | undefined
  storageClass: EffectiveClass
  /** The InferenceCluster that stands for this cluster. */
  clusterName: string | undefined
  /** Why the cache is not to be staged in this cluster; undefined if it is. */
  elsewhere?: Elsewhere | undefined
  /** The API server rejected a write of the plan that came from this look. */
  rejection?: ApiRejection
  /** Milliseconds since the epoch. */
  now: number
}

/** The selector of a cache leaves out the cluster that it is in. */
export interface Elsewhere {
  /** The clusters that it selects. */
  clusters: readonly string[]
  /** A hub looks after those, and says in the status of the cache how far they are. */
  hasHub: boolean
}

export interface ObserveOptions {
  stores: Stores<(typeof CONTROLLER_KINDS)[number]>
  /** The pods of a Job, by its UID. */
  podsOf(jobUID: string): Iterable<HydrationPod>
  settings: { clusterName?: string | undefined }
}

/** Gathers what the stores know about a cache. */
export function observe(
  cache: ModelCache,
  { stores, podsOf, settings }: ObserveOptions,
  now: number,
): Observation {
  const { namespace } = cache.metadata
  const runOf = (purpose: Purpose): Run | undefined => {
    const job = stores.HydrationJob.get(namespace, jobName(cache, purpose))
    if (job === undefined || !(isMadeFor(cache, job) || isOrphan(job))) return undefined
    return { job, pods: [...podsOf(job.metadata.uid)].toSorted(byCreation) }
  }
  const { clusterName } = settings
  const lookup: Parameters<typeof effectiveClass>[1] = {
    get: (kind, _, name) => stores[kind].get(undefined, name),
    list: (kind: 'StorageClass' | 'InferenceCluster') => stores[kind].values() as never,
  }
  const claim = stores.PersistentVolumeClaim.get(namespace, claimOf(cache))
  const clusters = [...stores.InferenceCluster.values()]
  const here = thisCluster(clusters, clusterName)
  const { storageClassName: className, volumeName } = claim?.spec ?? {}
  return {
    cache,
    claim,
    claimClass: className === undefined ? undefined : stores.StorageClass.get(undefined, className),
    volume: volumeName === undefined ? undefined : stores.PersistentVolume.get(undefined, volumeName),
    runs: {
      hydrate: runOf('hydrate'),
      measure: runOf('measure'),
      verify: runOf('verify'),
      prune: runOf('prune'),
    },
    holders: () =>
      [...stores.Pod.values()].filter(
        pod => pod.metadata.namespace === namespace && pod.claims.includes(claimOf(cache)),
      ),
    storageClass: effectiveClass(cache.spec, lookup, { clusterName }),
    clusterName: here?.metadata.name ?? clusterName,
    elsewhere: elsewhereOf(cache, clusters, here),
    now,
  }
}

function elsewhereOf(
  cache: ModelCache,
  clusters: readonly InferenceCluster[],
  here: InferenceCluster | undefined,
): Elsewhere | undefined {
  if (isMeantHere(cache, clusters, here)) return undefined
  return {
    clusters: clustersOf(cache, clusters).map(({ metadata }) => metadata.name),
    // Only a hub says what it has found in a cluster.
    hasHub: hasHub(clusters),
  }
}

/** The claim that pods of the cache mount. */
export function claimOf(cache: ModelCache): string {
  return stagingPlace(cache).claimName
}

/** Whether the claim has no volume yet. */
export function isUnbound({ claim }: Pick<Observation, 'claim'>): boolean {
  return claim !== undefined && claim.status?.phase !== 'Bound'
}

function byCreation(a: HydrationPod, b: HydrationPod): number {
  return Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '')
}
