import type { Kind } from '../api/kinds.ts'

/** The kinds that the controller watches. */
export const CONTROLLER_KINDS = [
  'HydrationJob',
  'HydrationPod',
  'InferenceCluster',
  'ModelCache',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'StorageClass',
] as const satisfies readonly Kind[]
