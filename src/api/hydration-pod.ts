import { z } from 'zod'
import { listOf, text } from './bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'

/** The container of a hydration pod. */
export const HYDRATOR_CONTAINER = 'hydrate'

/** More than kubelet and the scheduler write; a termination message has 4 KiB. */
const MESSAGE = 32_768

const terminated = z.object({
  exitCode: z.int(),
  reason: text(1024).nullish(),
  message: text(MESSAGE).nullish(),
  finishedAt: text(64).nullish(),
})

const containerStatus = z.object({
  name: text(253),
  state: z
    .object({
      waiting: z.object({ reason: text(1024).nullish(), message: text(MESSAGE).nullish() }).nullish(),
      running: z.object({ startedAt: text(64).nullish() }).nullish(),
      terminated: terminated.nullish(),
    })
    .nullish(),
})

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: text(1024).nullish(),
  message: text(MESSAGE).nullish(),
})

/** What the controller reads of a pod that hydrates or measures. */
export const hydrationPod = z.object({
  metadata: storedObjectMeta.extend({ ownerReferences: ownerReferences.optional() }),
  status: z
    .object({
      phase: text(64).nullish(),
      reason: text(1024).nullish(),
      message: text(MESSAGE).nullish(),
      conditions: listOf(condition, 64).nullish(),
      containerStatuses: listOf(containerStatus, 64).nullish(),
    })
    .optional(),
})

export type HydrationPod = z.infer<typeof hydrationPod>
