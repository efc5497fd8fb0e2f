import type { Logger } from 'pino'
import type { ModelCache } from '../../api/modelcache.ts'
import { FIELD_MANAGER, NUDGED } from '../../api/names.ts'
import type { Stores } from '../../cluster/stores.ts'
import { isConflict, isNotFound } from '../../kube/api-error.ts'
import { listPages } from '../../kube/list.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import { objectPath, parseObject, type Resource } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { isOld, mayTryAgain, type News, newsOf } from './news.ts'
import type { NudgeMetrics } from './nudge-metrics.ts'
import { RETRYING_KINDS, type RetryingWorkload } from './retrying-kinds.ts'

/** How many caches are handled side by side, and how many workloads of each. */
const CACHES_SIDE_BY_SIDE = 2
const WORKLOADS_SIDE_BY_SIDE = 8

/**
 * Has workloads whose pods were denied try again as soon as their caches are Ready, until the signal aborts;
 * can be started again after that. Their controllers wait up to 17 minutes between two attempts, but look at
 * once at a workload that changes. So we change an annotation of the workload, and not of its template.
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
  /** The last news of each cache that its workloads were told. */
  const told = new Map<string | undefined, string>()

  const nudge = async (kind: Resource<RetryingWorkload>, { metadata }: RetryingWorkload, { text }: News) => {
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

  const nudgeAll = async ({ metadata }: ModelCache, news: News) => {
    const { namespace = '', name } = metadata
    const cacheOf = (other: string) => stores.ModelCache.get(namespace, other)
    for (const kind of RETRYING_KINDS)
      for await (const { items } of listPages(rest, kind, { namespace, signal })) {
        const waiting = items
          .flatMap(item => parseObject(kind, item).data ?? [])
          .filter(workload => mayTryAgain(workload, name, news, cacheOf))
        while (waiting.length > 0)
          await Promise.all(
            waiting.splice(0, WORKLOADS_SIDE_BY_SIDE).map(workload => nudge(kind, workload, news)),
          )
      }
  }

  startReconciler({
    name: 'nudges',
    store: stores.ModelCache,
    kind: 'ModelCache',
    async reconcile(cache) {
      const news = newsOf(cache)
      const { uid } = cache.metadata
      const before = told.get(uid)
      if (news === undefined || before === news.text) return undefined
      // A cache that is no longer Ready is no news. Nor is what happened long before this replica leads.
      const isNews = before === undefined ? !isOld(news, Date.now()) : !news.gatedOnly
      if (isNews) await nudgeAll(cache, news)
      told.set(uid, news.text)
      return undefined
    },
    concurrency: CACHES_SIDE_BY_SIDE,
    observer,
    logger,
    signal,
  })
  const stop = stores.ModelCache.onChange(change => {
    if (change.type === 'deleted') told.delete(change.object.metadata.uid)
  })
  signal.addEventListener('abort', stop, { once: true })
}
