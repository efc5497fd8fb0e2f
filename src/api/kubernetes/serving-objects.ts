import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { listOf, startOf, text } from '../schema/bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'

/** We keep this much of a condition's message. Status has no room for more. */
const MESSAGE = 1_024

const metadata = storedObjectMeta.extend({ uid: text(256), ownerReferences: optional(ownerReferences) })

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: optional(text(1024)),
  message: optional(startOf(MESSAGE)),
})

const count = optional(z.int().min(0))

/**
 * What the controller reads of the Deployment (apps/v1) or the LeaderWorkerSet of a ModelDeployment. The
 * replicas of a LeaderWorkerSet are gangs.
 */
export const servingWorkload = z.object({
  metadata,
  status: optional(
    z.object({
      observedGeneration: count,
      replicas: count,
      readyReplicas: count,
      updatedReplicas: count,
      conditions: optional(listOf(condition, 32)),
    }),
  ),
})

/** The same of its Service and its PodDisruptionBudget: only whose they are, and which version. */
export const servingObject = z.object({ metadata })

export type ServingWorkload = z.infer<typeof servingWorkload>
export type ServingObject = z.infer<typeof servingObject>
