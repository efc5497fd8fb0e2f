import type { Logger } from 'pino'
import type { Owner } from '../../api/kubernetes/metadata.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { FIELD_MANAGER, ROLLOUT } from '../../api/names.ts'
import { isReady } from '../../api/readiness.ts'
import type { Stores } from '../../cluster/stores.ts'
import { PENDING, readRecord } from '../../injection/record.ts'
import { isConflict, isNotFound } from '../../kube/api-error.ts'
import type { Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import { objectPath, parseObject } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { createOwnersOf } from '../references/top-owner.ts'
import { indexUsers } from '../references/users-index.ts'
import { RESTARTABLE_KINDS, type RestartableWorkload } from './restartable-kinds.ts'

/** How often we look whether a restart has ended. No watch follows all workloads of a cluster. */
const LOOK_MS = 10_000

/** A restart that takes longer than this holds up the others no more. Engines load for a long time. */
const LONGEST_RESTART_MS = 3_600_000

const CONCURRENCY = 4

/** A restart under way. */
interface Restart {
  owner: Owner
  until: number
}

/**
 * Restarts the workloads that ask for it (annotation `modelplane.ai/rollout: "true"`) and whose pods mount
 * another digest of a cache than the current one, until the signal aborts; can be started again after that.
 * Of each cache it restarts one workload at a time: the next one begins when all pods of the last one are
 * ready. How a workload replaces its pods is up to its own strategy.
 */
export function startRollouts(options: {
  stores: Stores<'ModelCache' | 'Pod'>
  rest: Pick<Rest, 'get' | 'jsonMerge'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}): void {
  const { stores, rest, recorder, observer, logger, signal } = options
  const usersOf = indexUsers(stores.Pod, signal)
  const ownersOf = createOwnersOf({ rest, signal })
  /** By the UID of the cache. */
  const underWay = new Map<string | undefined, Restart>()
  /** By the UID of the cache: the digest that every workload has that wants it. */
  const done = new Map<string | undefined, string>()
  /** By the UID of the workload: the restart that did not end in time. */
  const givenUp = new Map<string, string>()

  const reconcile = async (cache: ModelCache) => {
    const { namespace = '', name, uid } = cache.metadata
    const digest = isReady(cache) ? cache.status?.resolvedDigest : undefined
    if (digest === undefined || done.get(uid) === digest) return undefined
    const stale = await staleWorkloads(namespace, name, digest)
    if (await isGoingOn(namespace, stale, underWay.get(uid))) return { againMs: LOOK_MS }
    underWay.delete(uid)
    const because = `${name} has ${digest}`
    const next = await nextOf(namespace, stale, because)
    if (next === undefined) {
      done.set(uid, digest)
      return undefined
    }
    underWay.set(uid, { owner: next.owner, until: Date.now() + LONGEST_RESTART_MS })
    // Another leader may have restarted it.
    if (next.workload.restartedFor !== because) await restart(next.owner, next.workload, because)
    return { againMs: LOOK_MS }
  }

  /** The first one that asks for a restart. */
  async function nextOf(namespace: string, stale: ReadonlyMap<string, Owner>, because: string) {
    for (const owner of stale.values()) {
      if (givenUp.get(owner.uid) === because) continue
      const workload = await read(namespace, owner)
      if (workload?.isWanted === true) return { owner, workload }
    }
    return undefined
  }

  /** The workloads that have pods with another digest, in the order of their names. */
  async function staleWorkloads(
    namespace: string,
    name: string,
    digest: string,
  ): Promise<ReadonlyMap<string, Owner>> {
    const found = new Map<string, Owner>()
    for (const { owner, record } of usersOf(namespace, name)) {
      const given = readRecord(record).get(name)
      if (owner === undefined || given === undefined || given === digest || given === PENDING) continue
      const workload = (await ownersOf(namespace, owner)).findLast(({ kind }) =>
        Object.hasOwn(RESTARTABLE_KINDS, kind),
      )
      if (workload !== undefined) found.set(workload.uid, workload)
    }
    return new Map([...found].toSorted(([, one], [, other]) => (one.name < other.name ? -1 : 1)))
  }

  async function isGoingOn(
    namespace: string,
    stale: ReadonlyMap<string, Owner>,
    restart: Restart | undefined,
  ): Promise<boolean> {
    if (restart === undefined) return false
    const workload = await read(namespace, restart.owner)
    if (workload === undefined || (!stale.has(restart.owner.uid) && workload.isSettled)) return false
    if (Date.now() < restart.until) return true
    givenUp.set(restart.owner.uid, workload.restartedFor ?? '')
    return false
  }

  /** The workload; undefined if it is gone, or cannot be read as one. */
  async function read(
    namespace: string,
    { kind, name, uid }: Owner,
  ): Promise<RestartableWorkload | undefined> {
    const resource = RESTARTABLE_KINDS[kind]
    if (resource === undefined) return undefined
    try {
      const found = parseObject(
        resource,
        await rest.get(objectPath(resource, namespace, name), { signal }),
      ).data
      return found?.metadata.uid === uid ? found : undefined
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async function restart({ kind }: Owner, workload: RestartableWorkload, because: string): Promise<void> {
    const resource = RESTARTABLE_KINDS[kind]
    if (resource === undefined) return
    const { namespace = '', name, uid, resourceVersion } = workload.metadata
    const body = { ...workload.restart(because), metadata: { resourceVersion } }
    try {
      await rest.jsonMerge(objectPath(resource, namespace, name), body, {
        fieldManager: FIELD_MANAGER,
        signal,
      })
    } catch (error) {
      // The next look finds what it is now.
      if (isConflict(error) || isNotFound(error)) return
      throw error
    }
    logger.info({ namespace, name, kind, because }, 'restarted')
    const note = `the controller restarts it, because ModelCache ${because} and annotation ${ROLLOUT} asks for that`
    const event = { type: 'Normal', reason: 'RestartedForCache', action: 'Restart', note } as const
    await recorder.record({ apiVersion: resource.apiVersion, kind, namespace, name, uid }, event)
  }

  const stop = stores.ModelCache.onChange(({ type, object: { metadata } }) => {
    if (type !== 'deleted') return
    underWay.delete(metadata.uid)
    done.delete(metadata.uid)
  })
  signal.addEventListener('abort', stop, { once: true })

  startReconciler({
    name: 'rollouts',
    store: stores.ModelCache,
    kind: 'ModelCache',
    reconcile,
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
}
