import type { Kind } from '../api/kinds.ts'

/** The kinds that the controller watches. */
export const CONTROLLER_KINDS = [
  'ModelCache',
  'PersistentVolumeClaim',
  'Pod',
] as const satisfies readonly Kind[]
