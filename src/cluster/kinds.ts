import { CACHE_CONSUMER } from '../api/annotations.ts'
import { condensed } from '../api/condensed.ts'
import { type ConsumerPod, consumerPod } from '../api/consumer-pod.ts'
import { API_VERSION } from '../api/group.ts'
import { type InferenceCluster, inferenceCluster } from '../api/inference-cluster.ts'
import { type ModelCache, modelCache } from '../api/modelcache.ts'
import { type Namespace, namespace } from '../api/namespace.ts'
import { type PersistentVolumeClaim, persistentVolumeClaim } from '../api/persistent-volume-claim.ts'
import { type ResourceQuota, resourceQuota } from '../api/resource-quota.ts'
import { type StorageClass, storageClass } from '../api/storage-class.ts'
import { type StorageProfile, storageProfile } from '../api/storage-profile.ts'
import type { Resource } from '../kube/resource.ts'

export const storageClasses: Resource<StorageClass> = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
  schema: storageClass,
}

export const modelCaches: Resource<ModelCache> = {
  apiVersion: API_VERSION,
  kind: 'ModelCache',
  plural: 'modelcaches',
  namespaced: true,
  schema: modelCache.transform(condensed),
}

export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
  schema: persistentVolumeClaim,
}

export const namespaces: Resource<Namespace> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
  schema: namespace,
}

/** Pods that were given caches, as the injector has labelled them. */
export const consumerPods: Resource<ConsumerPod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  schema: consumerPod,
  labelSelector: `${CACHE_CONSUMER}=true`,
}

export const resourceQuotas: Resource<ResourceQuota> = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
  schema: resourceQuota,
}

export const storageProfiles: Resource<StorageProfile> = {
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'StorageProfile',
  plural: 'storageprofiles',
  namespaced: false,
  schema: storageProfile,
  optional: true,
}

export const inferenceClusters: Resource<InferenceCluster> = {
  apiVersion: API_VERSION,
  kind: 'InferenceCluster',
  plural: 'inferenceclusters',
  namespaced: false,
  schema: inferenceCluster,
  optional: true,
}
