import type { Logger } from 'pino'
import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { FIELD_MANAGER } from '../../api/names.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import type { EventInput, Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { watches } from '../../kube/watch-source.ts'
import { type GateLift, gateLift } from './gate-lift.ts'
import type { GateMetrics } from './gate-metrics.ts'

/** How many pods are handled side by side. A gang of many starts together. */
const CONCURRENCY = 4

/**
 * Removes the gate of pods that wait for their caches, until the signal aborts; can be started again after
 * that. It looks at a pod when the pod appears or changes, when a cache changes, and, for workers, when the
 * leader's gate is removed.
 */
export function startGateKeeper(options: {
  stores: Stores<'ModelCache' | 'Pod'>
  rest: Pick<Rest, 'strategicMerge'>
  recorder: Recorder
  observer: ReconcilerObserver
  metrics: GateMetrics
  logger: Logger
  signal: AbortSignal
}): void {
  const { stores, rest, recorder, observer, metrics, logger, signal } = options
  const waiting = indexStore(
    stores.Pod,
    ({ gated, metadata }) => (gated ? metadata.namespace : undefined),
    signal,
  )
  /**
   * The last Event of each pod, as it is stored. Its caches change every few seconds, and the text often does
   * not.
   */
  const told = new WeakMap<ConsumerPod, string>()
  startReconciler({
    name: 'gates',
    store: stores.Pod,
    kind: 'Pod',
    sources: [
      watches(stores.ModelCache, ({ metadata }) => waiting(metadata.namespace ?? '')),
      // Once a leader has lost its gate, its workers can lose theirs.
      watches(stores.Pod, ({ metadata, gated }, change) =>
        change.type === 'updated' && change.previous.gated && !gated ? waiting(metadata.namespace ?? '') : [],
      ),
    ],
    async reconcile(pod) {
      const { namespace = '', name, uid } = pod.metadata
      const lift = gateLift(pod, {
        cache: cacheName => stores.ModelCache.get(namespace, cacheName),
        leader: pod.leader === undefined ? undefined : stores.Pod.get(namespace, pod.leader),
      })
      if (lift === undefined) return undefined
      if (!('patch' in lift)) {
        const event = eventOf(lift)
        if (told.get(pod) !== event.note)
          await recorder.record({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid }, event)
        told.set(pod, event.note)
        return undefined
      }
      await rest.strategicMerge(objectPath(KINDS.Pod, namespace, name), lift.patch, {
        fieldManager: FIELD_MANAGER,
        signal,
      })
      metrics.observeLift(pod.gatedSince, Date.now())
      logger.info({ namespace, name }, 'scheduling gate lifted')
      return undefined
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
}

function eventOf(lift: Exclude<GateLift, { patch: object }>): EventInput {
  const action = 'LiftGate'
  return 'waits' in lift
    ? { type: 'Normal', reason: 'CacheAwaited', action, note: lift.waits }
    : { type: 'Warning', reason: 'CacheReplaced', action, note: lift.misfit }
}
