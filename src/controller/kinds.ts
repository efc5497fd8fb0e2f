import type { Kind } from '../api/kinds.ts'

/** The kinds that the controller watches. */
export const CONTROLLER_KINDS = [
  'HydrationJob',
  'HydrationPod',
  'InferenceCluster',
  'ModelCache',
  'ModelDeployment',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'ServingBudget',
  'ServingDeployment',
  'ServingGangs',
  'ServingService',
  'StorageClass',
] as const satisfies readonly Kind[]
