import type { Condition } from '../../api/condition.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import {
  type ClusterEntry,
  MAX_CLUSTERS,
  type ModelCacheStatus,
  type PHASES,
} from '../../api/modelcache-status.ts'
import { sourceLine } from '../../api/source-line.ts'
import { effectOf, type StatusReason } from '../../api/status-reasons.ts'
import { isSameStatus } from '../../controller/apply-status.ts'
import { condition } from '../../controller/conditions.ts'
import type { CopyState } from './copy.ts'

/** A ModelCache in one other cluster, as the hub sees it. */
export interface Replica {
  readonly cluster: string
  /** The selector selects the cluster. If not, the copy is on its way out. */
  readonly isPlaced: boolean
  /** Why nothing is known of the cluster now; what was known stays. */
  readonly unknown?: string | undefined
  /** The hub has just started, and has not heard of the cluster yet. */
  readonly isUnheard?: boolean | undefined
  /** What keeps the copy from being as it should. */
  readonly problem?: string | undefined
  readonly copy?: (CopyState & { readonly isLeaving: boolean }) | undefined
}

/** What the summary is made from. */
export interface Seen {
  readonly cache: ModelCache
  /** The clusters other than that of the hub. */
  readonly replicas: readonly Replica[]
  /** The hub's own cluster, if the cache is staged there, and whether the selector selects it. */
  readonly own: { readonly name: string; readonly isPlaced: boolean } | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

type Phase = (typeof PHASES)[number]

/** From the start of staging to its end. */
const ORDER: readonly Phase[] = ['Failed', 'Pending', 'Resolving', 'Provisioning', 'Hydrating', 'Ready']

const RANKS = new Map<string, number>(ORDER.map((phase, rank) => [phase, rank]))

/**
 * What the hub is to write into the status of a ModelCache; undefined if that is what is there. A ModelCache
 * that has to do with no other cluster loses what the hub has written before.
 */
export function nextStatus(
  seen: Seen,
  { hasClusters }: { hasClusters: boolean },
): ModelCacheStatus | undefined {
  const { cache, replicas } = seen
  const isConcerned = replicas.length > 0 || (cache.spec.clusterSelector !== undefined && hasClusters)
  const stored = hubPart(seen)
  if (!isConcerned) return stored && {}
  const status = summaryOf(seen)
  return stored !== undefined && isSameStatus(status, stored) ? undefined : status
}

/**
 * The part of the status of a ModelCache that the hub writes. Of a cache that its own cluster stages too,
 * that is how the others fare. Of any other, it is all: it is Ready once it is in every cluster.
 */
export function summaryOf(seen: Seen): ModelCacheStatus {
  const { cache, replicas, own } = seen
  const known = new Map(cache.status?.clusters?.map(entry => [entry.name, entry]))
  const entries = replicas.map(replica => entryOf(replica, known.get(replica.cluster))).toSorted(byName)
  const isPlaced = new Set(replicas.filter(each => each.isPlaced).map(({ cluster }) => cluster))
  const ownEntry = own?.isPlaced
    ? [known.get(own.name) ?? { name: own.name, phase: 'Pending', ready: false }]
    : []
  const placed = [...ownEntry, ...entries.filter(({ name }) => isPlaced.has(name))].toSorted(byName)
  const cause = causeOf(placed)
  const ready = placed.filter(entry => entry.ready).length
  const shown = shownOf(entries)
  const next = (type: string, holds: boolean) =>
    condition(
      cache.status?.conditions,
      {
        type,
        status: holds ? 'True' : 'False',
        ...cause,
        ...(cache.metadata.generation !== undefined && { observedGeneration: cache.metadata.generation }),
      },
      seen.now,
    )
  const isReady = cause.reason === 'CopiesReady'
  const common = {
    clusters: shown,
    ...(entries.length > shown.length && { moreClusters: entries.length - shown.length }),
    replicas: `${ready}/${placed.length}`,
  }
  if (own !== undefined) return { ...common, conditions: [next('Replicated', isReady)] }
  const phase = phaseOf(placed)
  const size = replicas.find(({ copy }) => copy?.size !== undefined)?.copy?.size ?? cache.status?.size
  return {
    ...(cache.metadata.generation !== undefined && { observedGeneration: cache.metadata.generation }),
    phase,
    source: sourceLine(cache.spec),
    ...(size !== undefined && { size }),
    ...common,
    conditions: [
      next('Ready', isReady),
      next('Failed', phase === 'Failed'),
      next('Replicated', isReady),
      // As kstatus wants it, they are absent if they are not True.
      ...(isReady ? [] : [next(effectOf(cause.reason) === 'progress' ? 'Reconciling' : 'Stalled', true)]),
    ],
  }
}

const UNHEARD = 'nothing has been heard of the cluster yet'

/** A cluster that does not answer is Unknown, never Failed, and what was Ready there stays so. */
function entryOf(
  { cluster: name, isPlaced, unknown, isUnheard, problem, copy }: Replica,
  before: ClusterEntry | undefined,
): ClusterEntry {
  if (isUnheard) return before ?? { name, phase: 'Unknown', ready: false, message: UNHEARD }
  const leaves = isPlaced ? '' : 'leaves, because spec.clusterSelector no longer selects the cluster; '
  if (unknown !== undefined) {
    const { ready = false, digest, sizeBytes } = before ?? {}
    return entry({ name, phase: 'Unknown', ready, digest, sizeBytes, message: `${leaves}${unknown}` })
  }
  if (copy === undefined)
    return entry({ name, phase: 'Pending', ready: false, message: problem ?? 'the copy is being made' })
  const { phase, ready, digest, sizeBytes } = copy
  const state = copy.isLeaving ? 'the copy is being deleted' : (copy.message ?? 'nothing is known yet')
  return entry({
    ...{ name, phase, digest, sizeBytes },
    ready: ready && !copy.isLeaving,
    message: `${leaves}${problem ?? state}`,
  })
}

/** Without members that are absent, as the API server stores it. */
function entry({ digest, sizeBytes, ...rest }: ClusterEntry): ClusterEntry {
  return { ...rest, ...(digest && { digest }), ...(sizeBytes !== undefined && { sizeBytes }) }
}

function causeOf(placed: readonly ClusterEntry[]): { reason: StatusReason; message: string } {
  const ready = placed.filter(entry => entry.ready)
  const words = `${ready.length} of ${placed.length} ${placed.length === 1 ? 'cluster' : 'clusters'}`
  if (placed.length === 0)
    return { reason: 'NoClusterSelected', message: 'spec.clusterSelector selects no InferenceCluster' }
  if (ready.length === placed.length)
    return { reason: 'CopiesReady', message: `${words}${differenceOf(placed)}` }
  const failed = placed.find(({ phase }) => phase === 'Failed')
  const first = failed ?? placed.find(entry => !entry.ready)
  const reason = failed === undefined ? 'CopiesNotReady' : 'CopiesFailed'
  return { reason, message: `${words}; ${first?.name} is ${first?.phase}: ${first?.message ?? ''}` }
}

/** Clusters that staged a branch at different times have different bytes, and nobody would notice. */
function differenceOf(placed: readonly ClusterEntry[]): string {
  const byDigest = Map.groupBy(
    placed.filter(({ digest }) => digest !== undefined),
    ({ digest }) => digest,
  )
  if (byDigest.size < 2) return ''
  const [[one] = [], [other] = []] = [...byDigest.values()]
  return `, with different bytes: ${one?.name} has ${one?.digest}, ${other?.name} has ${other?.digest}`
}

/** The first phase in ORDER that any cluster is in. A phase that we do not know counts as Pending. */
function phaseOf(placed: readonly ClusterEntry[]): Phase {
  const ranks = placed.map(
    ({ phase, ready }) => RANKS.get(ready ? 'Ready' : (phase ?? '')) ?? ORDER.indexOf('Pending'),
  )
  return (placed.length > 0 && ORDER[Math.min(...ranks)]) || 'Pending'
}

/** Of many clusters, those that are not Ready first. */
function shownOf(entries: readonly ClusterEntry[]): ClusterEntry[] {
  if (entries.length <= MAX_CLUSTERS) return [...entries]
  const notable = entries.toSorted((one, other) => Number(one.ready) - Number(other.ready))
  return notable.slice(0, MAX_CLUSTERS).toSorted(byName)
}

function byName(one: ClusterEntry, other: ClusterEntry): number {
  return one.name < other.name ? -1 : 1
}

/** What a stored status has of what the hub writes. */
export function hubPart({
  cache: { status },
  own,
}: Pick<Seen, 'cache' | 'own'>): ModelCacheStatus | undefined {
  if (status?.replicas === undefined) return undefined
  const { clusters, moreClusters, replicas, conditions, observedGeneration, phase, source, size } = status
  const isOurs = ({ type }: Condition) => own === undefined || type === 'Replicated'
  const part = {
    clusters: clusters?.filter(({ name }) => name !== own?.name),
    ...{ moreClusters, replicas, conditions: conditions?.filter(isOurs) },
    ...(own === undefined && { observedGeneration, phase, source, size }),
  }
  return JSON.parse(JSON.stringify(part)) as ModelCacheStatus
}
