import { pino } from 'pino'
import type { ClusterView } from '../admission/cluster-view.ts'
import { storesOf } from '../cluster/stores.ts'
import { isNotFound } from '../kube/api-error.ts'
import { loadKubeConfig } from '../kube/kubeconfig.ts'
import { listPages } from '../kube/list.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import { createRest, type Rest } from '../kube/rest.ts'
import { createStore, type Store } from '../kube/store.ts'
import type { ReadUnknown } from '../review/decide.ts'
import { createLiveReader } from '../view/live-read.ts'
import { createClusterView, RULE_KINDS } from '../view/view.ts'

/** A real cluster in its present state. */
export interface LiveCluster {
  view: ClusterView
  readUnknown: ReadUnknown
  /** The namespace of the current context, or `default`. */
  namespace: string
}

const READ_TIMEOUT_MS = 5_000

/**
 * Reads every kind that rules ask about, once. A watch would retry on failure; this says why it failed.
 *
 * @throws Error if there is no readable kubeconfig, ApiError if the API server cannot be reached or rejects a
 * list.
 */
export async function readCluster(kubeconfig: string | undefined): Promise<LiveCluster> {
  const config = loadKubeConfig(kubeconfig)
  const rest = createRest(config)
  const logger = pino({ level: 'error', base: null }, pino.destination({ dest: 2, sync: true }))
  const lists: Promise<void>[] = []
  const stores = storesOf(RULE_KINDS, resource => {
    const store = createStore({ resource, logger })
    lists.push(listInto(store, rest, resource))
    return store
  })
  await Promise.all(lists)
  const readLive = createLiveReader(rest)
  return {
    view: createClusterView(stores),
    // The user may have no right to read this kind. Then the review says nothing about it.
    readUnknown: (known, refs) =>
      readLive(known, refs, AbortSignal.timeout(READ_TIMEOUT_MS)).catch(() => undefined),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace || 'default',
  }
}

async function listInto<T extends StoredObject>(
  store: Store<T>,
  rest: Rest,
  resource: Resource<T>,
): Promise<void> {
  try {
    const { add, finish } = store.beginReplace()
    for await (const { items } of listPages(rest, resource)) add(items)
    finish()
  } catch (error) {
    if (!resource.optional || !isNotFound(error)) throw error
  }
}
