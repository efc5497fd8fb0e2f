import { z } from 'zod'
import { listOf, text } from './bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'
import { optional } from './null.ts'

/** The container of a hydration pod. */
export const HYDRATOR_CONTAINER = 'hydrate'

/** More than kubelet and the scheduler write; a termination message has 4 KiB. */
const MESSAGE = 32_768

const terminated = z.object({
  exitCode: z.int(),
  reason: optional(text(1024)),
  message: optional(text(MESSAGE)),
  finishedAt: optional(text(64)),
})

const containerStatus = z.object({
  name: text(253),
  state: optional(
    z.object({
      waiting: optional(z.object({ reason: optional(text(1024)), message: optional(text(MESSAGE)) })),
      running: optional(z.object({ startedAt: optional(text(64)) })),
      terminated: optional(terminated),
    }),
  ),
})

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: optional(text(1024)),
  message: optional(text(MESSAGE)),
})

/** What the controller reads of a pod that hydrates or measures. */
export const hydrationPod = z.object({
  metadata: storedObjectMeta.extend({ ownerReferences: optional(ownerReferences) }),
  status: optional(
    z.object({
      phase: optional(text(64)),
      reason: optional(text(1024)),
      message: optional(text(MESSAGE)),
      conditions: optional(listOf(condition, 64)),
      containerStatuses: optional(listOf(containerStatus, 64)),
    }),
  ),
})

export type HydrationPod = z.infer<typeof hydrationPod>
