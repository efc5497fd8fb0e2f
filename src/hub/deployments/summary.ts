import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { DeploymentCause } from '../../api/modeldeployment-reasons.ts'
import type { ModelDeploymentStatus, ServingEntry } from '../../api/modeldeployment-status.ts'
import { foreign } from '../../api/schema/text.ts'
import { condition } from '../../controller/conditions.ts'
import type { Site } from './sites.ts'

const MAX_MESSAGE = 1_024
/** There are up to 200 of them. */
const MAX_ENTRY = 512

/** What the summary is made from. */
export interface Seen {
  readonly deployment: KnownDeployment
  readonly sites: readonly Site[]
  /** How many replicas each cluster is to have. */
  readonly shares: ReadonlyMap<string, number>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The part of the status of a ModelDeployment that the hub writes: all but what its own cluster has. */
export function summaryOf(seen: Seen): ModelDeploymentStatus {
  const { deployment, sites, now } = seen
  const { metadata, spec, status } = deployment
  const { generation } = metadata
  const entries = sites.map(site => entryOf(site, seen))
  const sum = (of: (site: Site) => number) => sites.reduce((total, site) => total + of(site), 0)
  // What was known of a lost cluster is out of date.
  const readyReplicas = sum(({ serving, state }) => (state === 'lost' ? 0 : serving))
  const lost = new Set(sites.filter(({ state }) => state === 'lost').map(({ cluster }) => cluster))
  const sharing = entries.filter(({ name, replicas }) => replicas > 0 && !lost.has(name))
  const serving = sharing.filter(entry => entry.readyReplicas >= entry.replicas)
  const isAvailable = sites.length > 0 && readyReplicas >= spec.replicas
  const available = isAvailable ? allServe(readyReplicas, sharing.length) : lackOf(seen, readyReplicas)
  const caches = cachesCause(seen)
  const progress = progressCause(seen)
  const make = (type: string, holds: boolean, cause: DeploymentCause) =>
    condition(
      status?.conditions,
      {
        ...{ type, status: holds ? 'True' : 'False', ...cause },
        ...(generation !== undefined && { observedGeneration: generation }),
      },
      now,
    )
  const isMoving = progress.reason === 'RollingOut'
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    replicas: sum(({ instances }) => instances?.replicas ?? 0),
    readyReplicas,
    updatedReplicas: sum(({ instances }) => instances?.updatedReplicas ?? 0),
    ready: `${readyReplicas}/${spec.replicas}`,
    serving: `${serving.length}/${sharing.length}`,
    // Those of the cluster that has most of them.
    caches: `${Math.max(0, ...sites.map(({ readyCaches = 0 }) => readyCaches))}/${spec.caches?.length ?? 0}`,
    clusters: entries,
    conditions: [
      make('Available', isAvailable, available),
      make('CachesReady', caches.reason === 'Ready', caches),
      make('Progressing', isMoving, progress),
      make('Ready', isAvailable, available),
      // As kstatus wants it, they are absent if they are not True.
      ...(progress.reason === 'Stuck' ? [make('Stalled', true, progress)] : []),
      ...(isMoving ? [make('Reconciling', true, progress)] : []),
    ],
  }
}

/** What a stored status has of what the hub writes; undefined if it has nothing. */
export function hubPart({ status }: KnownDeployment): ModelDeploymentStatus | undefined {
  if (status?.clusters === undefined) return undefined
  const { local, ...written } = status
  return written
}

function entryOf(site: Site, { shares }: Seen): ServingEntry {
  const replicas = shares.get(site.cluster) ?? 0
  const message = foreign(messageOf(site, replicas), MAX_ENTRY)
  return { name: site.cluster, replicas, readyReplicas: site.serving, message }
}

function messageOf({ state, share, obstacle, problem, instances, copy }: Site, replicas: number): string {
  const words = wordsOf(instances, replicas)
  if (state === 'lost') return `others serve in its place until the cluster is back; ${obstacle}`
  if (state === 'silent') return obstacle ?? words
  if (problem !== undefined) return problem
  if (copy?.isLeaving) return 'the copy is being deleted'
  if (state === 'left') return `leaves, because the ModelDeployment no longer selects the cluster; ${words}`
  if (replicas > 0 && obstacle === undefined) return words
  if (replicas > 0) return `${obstacle}; ${words}`
  return obstacle ?? (share > 0 ? `gives up its share; ${words}` : 'has no share of the replicas')
}

function wordsOf(instances: Site['instances'], replicas: number): string {
  if (instances === undefined) return replicas > 0 ? 'its objects are being created' : 'nothing serves there'
  return instances.message ?? `${instances.readyReplicas} of ${replicas} serve`
}

function allServe(ready: number, clusters: number): DeploymentCause {
  const where = clusters === 1 ? '1 cluster' : `${clusters} clusters`
  return { reason: 'AllServe', message: `${ready} serve, in ${where}` }
}

/** Why fewer serve than are wanted: the first cluster that lacks some. */
function lackOf(seen: Seen, ready: number): DeploymentCause {
  const { deployment, sites, shares } = seen
  const count = `${ready} of ${deployment.spec.replicas} serve`
  if (sites.length === 0) return NOBODY
  const isShort = (site: Site) => site.serving < (shares.get(site.cluster) ?? 0)
  const short = sites.find(isShort)
  const named = short ?? sites.find(({ obstacle }) => obstacle !== undefined)
  const reason = short === undefined ? 'CacheNotReady' : 'ClustersNotReady'
  if (named === undefined) return { reason: 'Starting', message: count }
  const why = messageOf(named, shares.get(named.cluster) ?? 0)
  return { reason, message: foreign(`${count}; ${named.cluster}: ${why}`, MAX_MESSAGE) }
}

const NOBODY: DeploymentCause = {
  reason: 'NoClusterSelected',
  message: 'spec.clusterSelector selects no InferenceCluster; correct it, or the labels of the clusters',
}

function cachesCause({ deployment, sites }: Seen): DeploymentCause {
  if ((deployment.spec.caches ?? []).length === 0)
    return { reason: 'NoCaches', message: 'it names no caches' }
  const asked = sites.filter(({ state }) => state !== 'left')
  const able = asked.filter(({ obstacle }) => obstacle === undefined)
  const count = `${able.length} of ${asked.length} ${asked.length === 1 ? 'cluster' : 'clusters'}`
  if (able.length > 0) return { reason: 'Ready', message: `all caches are Ready in ${count}` }
  const [first] = asked
  if (first === undefined) return NOBODY
  return {
    reason: 'CacheNotReady',
    message: foreign(`${first.cluster}: ${first.obstacle}`, MAX_MESSAGE),
  }
}

function progressCause({ deployment, sites, shares }: Seen): DeploymentCause {
  const { replicas } = deployment.spec
  if (sites.length === 0) return { reason: 'Stuck', message: NOBODY.message }
  const stuck = sites.find(({ cluster, problem }) => problem !== undefined && (shares.get(cluster) ?? 0) > 0)
  if (stuck !== undefined)
    return { reason: 'Stuck', message: foreign(`${stuck.cluster}: ${stuck.problem}`, MAX_MESSAGE) }
  const updated = sites.reduce((total, { instances }) => total + (instances?.updatedReplicas ?? 0), 0)
  const reached = sites.filter(({ state }) => state !== 'lost')
  const split = reached.reduce((total, { cluster }) => total + (shares.get(cluster) ?? 0), 0)
  const isSettled = reached.every(({ cluster, instances, copy, isOwn }) => {
    const share = shares.get(cluster) ?? 0
    // A cluster that has not heard of its new share is done with the old one.
    if (share > 0) return instances?.isComplete === true && instances.replicas === share
    return isOwn || copy === undefined
  })
  if (isSettled && split === replicas)
    return { reason: 'Complete', message: 'all instances run the present spec' }
  return {
    reason: 'RollingOut',
    message: `${Math.min(updated, replicas)} of ${replicas} run the present spec`,
  }
}
