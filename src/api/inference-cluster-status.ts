import { z } from 'zod'
import { condition } from './condition.ts'

/** As many classes are named. Hardly any cluster has more that can be shared. */
export const MAX_CLASSES = 64

export const inferenceClusterStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that this status is for.'),
  conditions: z
    .array(condition('Reachable or Ready.'))
    .max(16)
    .optional()
    .describe('Reachable: its API server answers the hub. Ready: ModelCaches can be staged there, too.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  clusterID: z
    .string()
    .max(128)
    .optional()
    .describe('UID of its namespace kube-system, which no other cluster has.'),
  server: z.string().max(512).optional().describe('Address of its API server.'),
  kubernetesVersion: z.string().max(64).optional().describe('Version of its API server.'),
  modelCacheVersion: z.string().max(64).optional().describe('Version of ModelCache there.'),
  storageClasses: z
    .array(z.string().max(253))
    .max(MAX_CLASSES)
    .optional()
    .describe('StorageClasses there that support ReadWriteMany, sorted.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  storageClass: z
    .string()
    .max(253)
    .optional()
    .describe('The StorageClass that ModelCaches there get if they name none.'),
  caches: z.int().min(0).optional().describe('ModelCaches there.'),
})

export type InferenceClusterStatus = z.infer<typeof inferenceClusterStatus>
