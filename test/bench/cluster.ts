import type { ClusterView } from '../../src/admission/cluster-view.ts'
import { aModelCache, aReadyCache, aStorageClass, DIGEST, SNAPSHOT } from '../../src/api/fixtures.ts'
import { INJECTED } from '../../src/api/names.ts'
import { emptyStores } from '../../src/cluster/fixtures.ts'
import { createClusterView } from '../../src/view/view.ts'

/** Caches and pods are spread over this many namespaces, named team-0, team-1 and so on. */
const NAMESPACES = 100

/** The namespace that all reviews come from. */
export const NAMESPACE = 'team-0'

/** Every namespace has the cache of the examples. The other caches of a namespace are numbered. */
export const READY = 'llama-3-3-70b'

/** A cache of `NAMESPACE` that is being hydrated. */
export const HYDRATING = 'deepseek-v3'

/**
 * The view of a webhook process over its own stores, filled like watches would: this many Ready caches, and
 * pods that mount them.
 */
export function clusterOf({ caches, consumers = 0 }: { caches: number; consumers?: number }): ClusterView {
  const stores = emptyStores()
  const view = createClusterView(stores)
  stores.StorageClass.upsert(aStorageClass({ name: 'filestore-rwx' }))
  const hydrating = aModelCache({ name: HYDRATING, status: { phase: 'Hydrating', progress: '62%' } })
  for (const [cache, namespace] of [
    [hydrating, NAMESPACE],
    ...Array.from({ length: caches }, (_, index) => [readyCache(index), namespaceOf(index)] as const),
  ] as const) {
    stores.ModelCache.upsert({ ...cache, metadata: { ...cache.metadata, namespace } })
  }
  for (let index = 0; index < consumers; index++) stores.Pod.upsert(consumerPod(index))
  return view
}

function namespaceOf(index: number): string {
  return `team-${index % NAMESPACES}`
}

function readyCache(index: number) {
  const number = Math.floor(index / NAMESPACES)
  return aReadyCache({ name: number === 0 ? READY : `${READY}-${number}` })
}

/** A pod that mounts the cache of the examples in its namespace, in the form that we keep. */
function consumerPod(index: number) {
  const name = `server-${Math.floor(index / NAMESPACES)}`
  return {
    metadata: { name, namespace: namespaceOf(index), annotations: { [INJECTED]: `${READY}=${DIGEST}` } },
    spec: {
      containers: [{ volumeMounts: [{ name: 'weights', subPath: SNAPSHOT }] }],
      volumes: [{ name: 'weights', persistentVolumeClaim: { claimName: `modelcache--${READY}` } }],
    },
    status: { phase: 'Running' },
  }
}
