import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { readRecord } from '../../injection/record.ts'
import { objectKey } from '../../kube/object-key.ts'
import type { ReadableStore } from '../../kube/store.ts'

/** The pods that have got a cache and have not ended, by its namespace and name. */
export type UsersOf = (namespace: string | undefined, cache: string) => ReadonlySet<ConsumerPod>

const NOBODY: ReadonlySet<ConsumerPod> = new Set()

/**
 * Finds the users of a cache without a scan of all pods. It starts with the present pods, and follows every
 * change until the signal aborts.
 */
export function indexUsers(
  store: Pick<ReadableStore<ConsumerPod>, 'onChange' | 'values'>,
  signal: AbortSignal,
): UsersOf {
  const index = new Map<string, Set<ConsumerPod>>()
  const add = (pod: ConsumerPod) => {
    if (pod.finished) return
    for (const key of keysOf(pod)) {
      const users = index.get(key) ?? new Set()
      index.set(key, users.add(pod))
    }
  }
  const remove = (pod: ConsumerPod) => {
    for (const key of keysOf(pod)) {
      const users = index.get(key)
      users?.delete(pod)
      if (users?.size === 0) index.delete(key)
    }
  }
  for (const pod of store.values()) add(pod)
  const stop = store.onChange(change => {
    if (change.type === 'deleted') return remove(change.object)
    if (change.type === 'updated') remove(change.previous)
    add(change.object)
  })
  signal.addEventListener('abort', stop, { once: true })
  return (namespace, cache) => index.get(objectKey(namespace, cache)) ?? NOBODY
}

/** The names of the caches that a pod has got. */
export function cachesOf({ record }: ConsumerPod): string[] {
  return [...readRecord(record).keys()].filter(name => name !== '')
}

function keysOf(pod: ConsumerPod): string[] {
  return cachesOf(pod).map(name => objectKey(pod.metadata.namespace, name))
}
