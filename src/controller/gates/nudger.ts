import type { Logger } from 'pino'
import type { ModelCache } from '../../api/modelcache.ts'
import { FIELD_MANAGER, NUDGED } from '../../api/names.ts'
import type { Stores } from '../../cluster/stores.ts'
import { isConflict, isNotFound } from '../../kube/api-error.ts'
import { listPages } from '../../kube/list.ts'
import type { ReconcilerObserver } from '../../kube/reconciler.ts'
import { objectPath, parseObject, type Resource } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { startWorkQueue } from '../../kube/work-queue.ts'
import { isOld, type News, newsFor, newsOf } from './news.ts'
import type { NudgeMetrics } from './nudge-metrics.ts'
import { RETRYING_KINDS, type RetryingWorkload } from './retrying-kinds.ts'

const NAME = 'nudges'
/** How many namespaces are handled side by side, and how many workloads of each. */
const NAMESPACES_SIDE_BY_SIDE = 2
const WORKLOADS_SIDE_BY_SIDE = 8

/** The news of one namespace, by the name of the cache. */
type NewsOfNamespace = Map<string, News>

/**
 * Has workloads whose pods were denied try again as soon as their caches are Ready, until the signal aborts;
 * can be started again after that. Their controllers wait up to 17 minutes between two attempts, but look at
 * once at a workload that changes. So we change an annotation of the workload, and not of its template.
 *
 * No watch follows all workloads of a cluster. They are listed when there is news, once for all the news of a
 * namespace.
 */
export function startNudger(options: {
  stores: Stores<'ModelCache'>
  rest: Pick<Rest, 'get' | 'jsonMerge'>
  observer: ReconcilerObserver
  metrics: NudgeMetrics
  logger: Logger
  signal: AbortSignal
}): void {
  const { stores, rest, observer, metrics, logger, signal } = options
  /** The last news of each cache, by its UID. */
  const known = new Map<string | undefined, string>()
  const pending = new Map<string, NewsOfNamespace>()

  const queue = startWorkQueue({
    async reconcile(namespace) {
      const news = pending.get(namespace)
      if (news === undefined) return undefined
      pending.delete(namespace)
      try {
        await nudgeAll(namespace, news)
      } catch (error) {
        pending.set(namespace, new Map([...news, ...(pending.get(namespace) ?? [])]))
        throw error
      }
      return undefined
    },
    concurrency: NAMESPACES_SIDE_BY_SIDE,
    onWorked: (result, seconds) => observer.worked(NAME, result, seconds),
    logger: logger.child({ reconciler: NAME }),
    signal,
  })
  observer.waiting(NAME, queue.waiting)

  const notice = (cache: ModelCache): void => {
    const news = newsOf(cache)
    const { uid, namespace = '', name } = cache.metadata
    const before = known.get(uid)
    if (news === undefined || before === news.text) return
    known.set(uid, news.text)
    // A cache that is no longer Ready is no news. Nor is what happened long before this replica leads.
    if (before === undefined ? isOld(news, Date.now()) : news.gatedOnly) return
    const others: NewsOfNamespace = pending.get(namespace) ?? new Map()
    pending.set(namespace, others.set(name, news))
    queue.add(namespace)
  }

  async function nudgeAll(namespace: string, news: NewsOfNamespace): Promise<void> {
    const cacheOf = (name: string) => stores.ModelCache.get(namespace, name)
    for (const kind of RETRYING_KINDS)
      for await (const { items } of listPages(rest, kind, { namespace, signal })) {
        const waiting = items.flatMap(item => {
          const workload = parseObject(kind, item).data
          const found = workload && newsFor(workload, news, cacheOf)
          return workload && found ? [{ workload, found }] : []
        })
        while (waiting.length > 0)
          await Promise.all(
            waiting
              .splice(0, WORKLOADS_SIDE_BY_SIDE)
              .map(({ workload, found }) => nudge(kind, workload, found)),
          )
      }
  }

  async function nudge(
    kind: Resource<RetryingWorkload>,
    { metadata }: RetryingWorkload,
    { text }: News,
  ): Promise<void> {
    const { namespace, name } = metadata
    try {
      const body = { metadata: { annotations: { [NUDGED]: text } } }
      await rest.jsonMerge(objectPath(kind, namespace, name), body, { fieldManager: FIELD_MANAGER, signal })
    } catch (error) {
      // It has gone, or has changed, and so its controller looks at it anyway.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
    metrics.observeNudge(kind.kind)
    logger.info({ namespace, name, kind: kind.kind, because: text }, 'nudged')
  }

  const stop = stores.ModelCache.onChange(({ type, object }) => {
    if (type === 'deleted') known.delete(object.metadata.uid)
    else notice(object)
  })
  signal.addEventListener('abort', stop, { once: true })
  for (const cache of stores.ModelCache.values()) notice(cache)
}
