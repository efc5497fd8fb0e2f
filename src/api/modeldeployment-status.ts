import { z } from 'zod'
import { condition } from './condition.ts'

/** A ModelDeployment serves in as many clusters. */
export const MAX_SERVING_CLUSTERS = 200

const cluster = z.object({
  name: z.string().max(253).describe('Name of the cluster.'),
  replicas: z.int().min(0).describe('Its share: how many instances are to serve in that cluster.'),
  readyReplicas: z
    .int()
    .min(0)
    .describe('Instances that serve in that cluster, as far as it was heard of last.'),
  message: z.string().max(1024).optional().describe('What the cluster says.'),
})

export type ServingEntry = z.infer<typeof cluster>

const workload = z.object({
  kind: z.string().max(63).describe('Kind of the object that creates the pods.'),
  name: z.string().max(253).describe('Its name.'),
  bootstrap: z
    .string()
    .max(63)
    .optional()
    .describe(
      'How the pods of a gang start as one engine, as in `spec.engine.bootstrap`. None: as the command says.',
    ),
})

const counts = z.object({
  replicas: z.int().min(0).describe('Instances that exist.'),
  readyReplicas: z.int().min(0).describe('Instances that serve.'),
  updatedReplicas: z.int().min(0).describe('Instances that run the present spec.'),
})

const local = counts.extend({
  complete: z.boolean().describe('Whether all of them run the present spec and serve.'),
  message: z.string().max(1024).optional().describe('How far they are.'),
})

export const modelDeploymentStatus = z.object({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('Generation of the spec that this status is for; -1 before the controller has looked at it.'),
  ...counts.partial().shape,
  ready: z
    .string()
    .max(32)
    .optional()
    .describe('Instances that serve, of those that are wanted, for people.'),
  caches: z
    .string()
    .max(64)
    .optional()
    .describe(
      'Caches that are Ready, of those that are named, for people. With several clusters: in the one that has most of them.',
    ),
  selector: z.string().max(512).optional().describe('Selects the pods, for autoscalers.'),
  conditions: z
    .array(condition('Available, CachesReady or Progressing; Ready, Reconciling or Stalled.'))
    .max(16)
    .optional()
    .describe(
      'Available, CachesReady and Progressing, and for tools that wait Ready, Reconciling and Stalled.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  workload: workload.optional().describe('The object that creates the pods.'),
  clusters: z
    .array(cluster)
    .max(MAX_SERVING_CLUSTERS)
    .optional()
    .describe('The clusters that the replicas are split over, sorted. The hub writes them.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  serving: z
    .string()
    .max(32)
    .optional()
    .describe('Clusters whose instances all serve, of those that have a share, for people.'),
  local: local
    .optional()
    .describe(
      'With several clusters, the instances in the cluster of this object. The controller writes it.',
    ),
})

export type ModelDeploymentStatus = z.infer<typeof modelDeploymentStatus>
