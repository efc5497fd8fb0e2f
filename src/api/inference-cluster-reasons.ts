import type { ReasonText } from './reason-text.ts'

/** Reasons for InferenceClusters. */
export const INFERENCE_CLUSTER_REASONS = {
  ClusterInvalid: {
    says: 'denied',
    who: 'administrator',
    when: 'An InferenceCluster lacks what the source of its cluster needs, or has what belongs to another source.',
    fix: 'Name a Secret with a kubeconfig for source Existing, a ClusterProfile for source ClusterProfile, and neither for source Local.',
  },
  LocalClusterTaken: {
    says: 'denied',
    who: 'administrator',
    when: 'Two InferenceClusters have source Local. Only one can stand for the cluster that they are in.',
    example:
      'InferenceCluster this stands for this cluster already; delete it, or give this one the source of another cluster',
    fix: 'Delete one of them, or give it the source of another cluster.',
  },
} as const satisfies Record<string, ReasonText>

/** Why the hub cannot have caches staged in a cluster, or that it can: reasons of its conditions. */
export const CLUSTER_STATUS_REASONS = {
  AccessProviderUnknown: {
    when: 'The ClusterProfile offers no way of access that the hub knows.',
    fix: 'Name one of its access providers, and the plugin for it, in the file of option `--access-providers-file` of the hub.',
  },
  ClusterIsHub: {
    when: 'Source Existing or ClusterProfile leads to the cluster of the hub itself.',
    fix: 'Use source Local, or correct the credentials.',
  },
  ClusterNotNamed: {
    when: 'The InferenceCluster was stored without what its source needs.',
    fix: 'Set the field that the message names.',
  },
  ClusterProfileNotFound: {
    when: 'The ClusterProfile does not exist, or its kind is not installed.',
    fix: 'Create it, or have the fleet manager create it.',
  },
  ClusterReplaced: {
    when: 'Another cluster answers in place of the one that was registered.',
    fix: 'If that is meant, delete the InferenceCluster and create it again. Otherwise correct its credentials.',
  },
  ClusterRegisteredTwice: {
    when: 'Another InferenceCluster leads to the same cluster.',
    fix: 'Delete one of them.',
  },
  Forbidden: {
    when: 'The hub may not read there what it needs to.',
    fix: 'Bind ClusterRole `modelcache-member` there to the account of the kubeconfig.',
  },
  KubeconfigInvalid: {
    when: 'The kubeconfig cannot be used: it is malformed, it names files, or it runs a program to log in.',
    fix: 'Write a kubeconfig that has everything within itself: `kubectl config view --flatten --minify`. In place of a program, use the token of a ServiceAccount.',
  },
  ModelCacheNotInstalled: {
    when: 'ModelCache is not installed there, or in a version whose API the hub does not know.',
    fix: 'Install ModelCache there.',
  },
  NoSharedStorageClass: {
    when: 'No StorageClass there is known to support ReadWriteMany, or the one that the InferenceCluster names is not.',
    fix: 'Install a driver for shared volumes there, name another class, or attest one by annotation `modelplane.ai/access-modes`.',
  },
  Reachable: {
    when: 'The API server answers, and accepts the credentials.',
    fix: 'Nothing.',
  },
  Ready: {
    when: 'Caches can be staged there.',
    fix: 'Nothing.',
  },
  SecretNotFound: {
    when: 'The Secret with the kubeconfig does not exist, or lacks the key.',
    fix: 'Create it in the namespace where ModelCache is installed.',
  },
  Unauthorized: {
    when: 'The API server does not accept the credentials.',
    fix: 'Put valid credentials into the Secret. The hub reads it again within a minute.',
  },
  Unreachable: {
    when: 'The API server does not answer, or not in time, or not as one.',
    fix: 'Look at the message: the address, the CA, the proxy, or the cluster itself.',
  },
} as const satisfies Record<string, { when: string; fix: string }>

export type ClusterStatusReason = keyof typeof CLUSTER_STATUS_REASONS
