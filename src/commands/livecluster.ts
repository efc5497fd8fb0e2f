import type { KubeConfig } from '@kubernetes/client-node'
import { type Logger, pino } from 'pino'
import type { ClusterView } from '../admission/clusterview.ts'
import { isNotFound } from '../cluster/apierror.ts'
import { listAll } from '../cluster/list.ts'
import { createLiveReader } from '../cluster/liveread.ts'
import {
  consumerPods,
  inferenceClusters,
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  type Resource,
  resourceQuotas,
  type StoredObject,
  storageClasses,
  storageProfiles,
} from '../cluster/resource.ts'
import { createRest, type Rest } from '../cluster/rest.ts'
import { createStore, type ReadableStore } from '../cluster/store.ts'
import { createClusterView } from '../cluster/view.ts'
import type { ReadUnknown } from '../review/decide.ts'

/** A real cluster as it is now. */
export interface LiveCluster {
  view: ClusterView
  readUnknown: ReadUnknown
}

const READ_TIMEOUT_MS = 5_000

/**
 * Reads every kind that rules ask about, once: a watch would go on trying where this fails, and says why.
 *
 * @throws ApiError when the API server cannot be reached or refuses a list.
 */
export async function readCluster(config: KubeConfig): Promise<LiveCluster> {
  const rest = createRest(config)
  const logger = pino({ level: 'error', base: null }, pino.destination({ dest: 2, sync: true }))
  const list = <T extends StoredObject>(resource: Resource<T>) => listOnce(rest, resource, logger)
  const [classes, profiles, caches, clusters, claims, spaces, quotas, consumers] = await Promise.all([
    list(storageClasses),
    list(storageProfiles),
    list(modelCaches),
    list(inferenceClusters),
    list(persistentVolumeClaims),
    list(namespaces),
    list(resourceQuotas),
    list(consumerPods),
  ])
  const view = createClusterView({
    storageClasses: classes,
    storageProfiles: profiles,
    modelCaches: caches,
    inferenceClusters: clusters,
    claims,
    namespaces: spaces,
    resourceQuotas: quotas,
    consumers,
  })
  const readLive = createLiveReader(rest)
  return {
    view,
    // Whoever reviews may have no right to read Secrets; then nothing is said about them.
    readUnknown: (known, refs) =>
      readLive(known, refs, AbortSignal.timeout(READ_TIMEOUT_MS)).catch(() => undefined),
  }
}

async function listOnce<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
  logger: Logger,
): Promise<ReadableStore<T>> {
  const store = createStore({ resource, logger })
  try {
    const { items } = await listAll(rest, resource)
    store.replace(items)
  } catch (error) {
    if (!resource.optional || !isNotFound(error)) throw error
  }
  return store
}
