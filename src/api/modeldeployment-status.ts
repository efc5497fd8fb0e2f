import { z } from 'zod'
import { condition } from './condition.ts'

export const modelDeploymentStatus = z.object({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('Generation of the spec that this status is for; -1 before the controller has looked at it.'),
  replicas: z.int().min(0).optional().describe('Instances that exist.'),
  readyReplicas: z.int().min(0).optional().describe('Instances that serve.'),
  updatedReplicas: z.int().min(0).optional().describe('Instances that run the present spec.'),
  ready: z
    .string()
    .max(32)
    .optional()
    .describe('Instances that serve, of those that are wanted, for people.'),
  caches: z
    .string()
    .max(64)
    .optional()
    .describe('Caches that are Ready, of those that are named, for people.'),
  selector: z.string().max(512).optional().describe('Selects the pods, for autoscalers.'),
  conditions: z
    .array(condition('Available, CachesReady or Progressing; Ready, Reconciling or Stalled.'))
    .max(16)
    .optional()
    .describe(
      'Available, CachesReady and Progressing, and for tools that wait Ready, Reconciling and Stalled.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  workload: z
    .object({
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
    .optional()
    .describe('The object that creates the pods.'),
})

export type ModelDeploymentStatus = z.infer<typeof modelDeploymentStatus>
