import type { ClusterView } from '../admission/cluster-view.ts'
import type { ConsumerPod } from '../api/consumer-pod.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import { ownsClaim } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { Namespace } from '../api/namespace.ts'
import type { PersistentVolumeClaim } from '../api/persistent-volume-claim.ts'
import type { StorageClass } from '../api/storage-class.ts'
import type { StorageProfile } from '../api/storage-profile.ts'
import { objectKey } from '../kube/object-key.ts'

/** What was read, by name. A key that maps to undefined was read and found absent. */
export interface LiveAnswers {
  readonly modelCaches: Map<string, ModelCache | undefined>
  readonly claims: Map<string, PersistentVolumeClaim | undefined>
  readonly pods: Map<string, ConsumerPod | undefined>
  readonly classes: Map<string, StorageClass | undefined>
  readonly profiles: Map<string, StorageProfile | undefined>
  readonly namespaces: Map<string, Namespace | undefined>
  /** By namespace. */
  readonly consumers: Map<string, readonly ConsumerPod[]>
  allClasses: readonly StorageClass[] | undefined
  inferenceClusters: readonly InferenceCluster[] | undefined
}

export function noAnswers(): LiveAnswers {
  return {
    modelCaches: new Map(),
    claims: new Map(),
    pods: new Map(),
    classes: new Map(),
    profiles: new Map(),
    namespaces: new Map(),
    consumers: new Map(),
    allClasses: undefined,
    inferenceClusters: undefined,
  }
}

/** A view that answers from what was read, and from `view` where nothing was. */
export function overlay(view: ClusterView, read: LiveAnswers): ClusterView {
  return {
    ...view,
    modelCache: (namespace, name) =>
      answer(read.modelCaches, objectKey(namespace, name), () => view.modelCache(namespace, name)),
    modelCacheOfClaim(namespace, claimName) {
      const known = view.modelCacheOfClaim(namespace, claimName)
      if (known !== undefined && !read.modelCaches.has(objectKey(namespace, known.metadata.name)))
        return known
      return [...read.modelCaches.values()].find(
        cache => cache?.metadata.namespace === namespace && ownsClaim(cache, claimName),
      )
    },
    claim: (namespace, name) =>
      answer(read.claims, objectKey(namespace, name), () => view.claim(namespace, name)),
    consumer: (namespace, name) =>
      answer(read.pods, objectKey(namespace, name), () => view.consumer(namespace, name)),
    consumers: namespace => read.consumers.get(namespace) ?? view.consumers(namespace),
    storageClass: name =>
      answer(read.classes, name, () =>
        // A whole list also knows which classes do not exist.
        read.allClasses === undefined
          ? view.storageClass(name)
          : read.allClasses.find(({ metadata }) => metadata.name === name),
      ),
    storageClasses: () => read.allClasses ?? view.storageClasses(),
    storageProfile: name => answer(read.profiles, name, () => view.storageProfile(name)),
    namespace: name => answer(read.namespaces, name, () => view.namespace(name)),
    inferenceClusters: () => read.inferenceClusters ?? view.inferenceClusters(),
  }
}

function answer<T>(
  read: ReadonlyMap<string, T | undefined>,
  key: string,
  otherwise: () => T | undefined,
): T | undefined {
  return read.has(key) ? read.get(key) : otherwise()
}
