import { condensed } from '../api/condensed.ts'
import { condensedDeployment } from '../api/condensed-deployment.ts'
import { inferenceCluster } from '../api/inference-cluster.ts'
import type { Kind, Kinds } from '../api/kinds.ts'
import { consumerPod } from '../api/kubernetes/consumer-pod.ts'
import { HYDRATOR_SELECTOR, hydrationJob } from '../api/kubernetes/hydration-job.ts'
import { hydrationPod } from '../api/kubernetes/hydration-pod.ts'
import { namespace } from '../api/kubernetes/namespace.ts'
import { node } from '../api/kubernetes/node.ts'
import { persistentVolume } from '../api/kubernetes/persistent-volume.ts'
import { persistentVolumeClaim } from '../api/kubernetes/persistent-volume-claim.ts'
import { resourceQuota } from '../api/kubernetes/resource-quota.ts'
import { servingObject, servingWorkload } from '../api/kubernetes/serving-objects.ts'
import { SHARED_SECRET_SELECTOR, sharedSecret } from '../api/kubernetes/shared-secret.ts'
import { storageClass } from '../api/kubernetes/storage-class.ts'
import { storageProfile } from '../api/kubernetes/storage-profile.ts'
import { modelCache } from '../api/modelcache.ts'
import { modelDeployment } from '../api/modeldeployment.ts'
import { CACHE_CONSUMER, DEPLOYMENT_OF, LWS_API_VERSION } from '../api/names.ts'
import { API_VERSION } from '../api/schema/group.ts'
import type { Resource } from '../kube/resource.ts'

/** Every kind that this project lists, watches or reads: its path in the API, and the fields that we read. */
export const KINDS: { readonly [K in Kind]: Resource<Kinds[K]> } = {
  HydrationJob: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    plural: 'jobs',
    namespaced: true,
    schema: hydrationJob,
    labelSelector: HYDRATOR_SELECTOR,
  },
  HydrationPod: {
    apiVersion: 'v1',
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    schema: hydrationPod,
    labelSelector: HYDRATOR_SELECTOR,
  },
  InferenceCluster: {
    apiVersion: API_VERSION,
    kind: 'InferenceCluster',
    plural: 'inferenceclusters',
    namespaced: false,
    schema: inferenceCluster,
    optional: true,
  },
  ModelCache: {
    apiVersion: API_VERSION,
    kind: 'ModelCache',
    plural: 'modelcaches',
    namespaced: true,
    schema: modelCache.transform(condensed),
  },
  ModelDeployment: {
    apiVersion: API_VERSION,
    kind: 'ModelDeployment',
    plural: 'modeldeployments',
    namespaced: true,
    schema: modelDeployment.transform(condensedDeployment),
  },
  Namespace: {
    apiVersion: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    schema: namespace,
  },
  Node: {
    apiVersion: 'v1',
    kind: 'Node',
    plural: 'nodes',
    namespaced: false,
    schema: node,
  },
  PersistentVolume: {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    plural: 'persistentvolumes',
    namespaced: false,
    schema: persistentVolume,
  },
  PersistentVolumeClaim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    namespaced: true,
    schema: persistentVolumeClaim,
  },
  Pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    schema: consumerPod,
    labelSelector: `${CACHE_CONSUMER}=true`,
  },
  ResourceQuota: {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    plural: 'resourcequotas',
    namespaced: true,
    schema: resourceQuota,
  },
  ServingBudget: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
    schema: servingObject,
    labelSelector: DEPLOYMENT_OF,
  },
  ServingDeployment: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    plural: 'deployments',
    namespaced: true,
    schema: servingWorkload,
    labelSelector: DEPLOYMENT_OF,
  },
  ServingGangs: {
    apiVersion: LWS_API_VERSION,
    kind: 'LeaderWorkerSet',
    plural: 'leaderworkersets',
    namespaced: true,
    schema: servingWorkload,
    labelSelector: DEPLOYMENT_OF,
    optional: true,
  },
  ServingService: {
    apiVersion: 'v1',
    kind: 'Service',
    plural: 'services',
    namespaced: true,
    schema: servingObject,
    labelSelector: DEPLOYMENT_OF,
  },
  SharedSecret: {
    apiVersion: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    namespaced: true,
    schema: sharedSecret,
    labelSelector: SHARED_SECRET_SELECTOR,
  },
  StorageClass: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    plural: 'storageclasses',
    namespaced: false,
    schema: storageClass,
  },
  StorageProfile: {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'StorageProfile',
    plural: 'storageprofiles',
    namespaced: false,
    schema: storageProfile,
    optional: true,
  },
}
