import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { ConsumerPod } from '../../api/consumer-pod.ts'
import { FIELD_MANAGER } from '../../api/field-managers.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { isConflict } from '../../kube/api-error.ts'
import { objectKey } from '../../kube/object-key.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { startWorkQueue } from '../../kube/work-queue.ts'
import { gateLift } from './gate-lift.ts'

/**
 * Lifts the gate of pods that wait for their caches, until the signal aborts: when a cache changes, when a pod comes, and
 * for workers when their leader may go. Can be started again after that.
 */
export function startGateKeeper(options: {
  stores: Stores<'ModelCache' | 'Pod'>
  rest: Pick<Rest, 'merge' | 'create'>
  logger: Logger
  signal: AbortSignal
}): void {
  const { stores, rest, logger, signal } = options
  const queue = startWorkQueue({ reconcile, logger, signal })
  const waiting = indexStore(
    stores.Pod,
    ({ gated, metadata }) => (gated ? metadata.namespace : undefined),
    signal,
  )
  const addAll = (namespace: string) => {
    for (const pod of waiting(namespace)) queue.add(key(pod))
  }

  const listening = [
    stores.ModelCache.onChange(({ object }) => addAll(object.metadata.namespace ?? '')),
    stores.Pod.onChange(change => {
      const { object } = change
      if (change.type === 'updated' && change.previous.gated && !object.gated)
        addAll(object.metadata.namespace ?? '')
      else queue.add(key(object))
    }),
  ]
  for (const stop of listening) signal.addEventListener('abort', stop, { once: true })
  for (const pod of stores.Pod.values()) queue.add(key(pod))

  async function reconcile(podKey: string): Promise<void> {
    const [namespace = '', name = ''] = podKey.split('/')
    const pod = stores.Pod.get(namespace, name)
    if (pod === undefined) return
    const lift = gateLift(pod, {
      cache: cacheName => stores.ModelCache.get(namespace, cacheName),
      leader: pod.leader === undefined ? undefined : stores.Pod.get(namespace, pod.leader),
    })
    if (lift === undefined) return
    if ('misfit' in lift) return tell(pod, lift.misfit)
    await rest.merge(objectPath(KINDS.Pod, namespace, name), lift.patch, {
      fieldManager: FIELD_MANAGER,
      signal,
    })
    logger.info({ namespace, name }, 'scheduling gate lifted')
  }

  /** An Event of the pod. Its name follows from what it says, so that it is told once. */
  async function tell({ metadata }: ConsumerPod, message: string): Promise<void> {
    const { namespace = '', name, uid } = metadata
    const hash = createHash('sha256').update(`${uid} ${message}`).digest('hex').slice(0, 16)
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 230)}.${hash}`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
      type: 'Warning',
      reason: 'CacheReplaced',
      message,
      source: { component: 'modelcache-controller' },
      ...{ firstTimestamp: now, lastTimestamp: now, count: 1 },
    }
    try {
      await rest.create(`/api/v1/namespaces/${encodeURIComponent(namespace)}/events`, event, {
        fieldManager: FIELD_MANAGER,
        signal,
      })
      logger.warn({ namespace, name, message }, 'a pod that waits cannot be let go')
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }
}

function key({ metadata }: ConsumerPod): string {
  return objectKey(metadata.namespace, metadata.name)
}
