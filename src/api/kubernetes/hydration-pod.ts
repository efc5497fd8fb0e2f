import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { listOf, startOf, text } from '../schema/bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'

/** The container of a hydration pod. */
export const HYDRATOR_CONTAINER = 'hydrate'

/** The condition of a pod that says whether it has a node. */
export const SCHEDULED = 'PodScheduled'

/** The condition of a pod that was not ended by itself: evicted, preempted, or gone with its node. */
export const DISRUPTED = 'DisruptionTarget'

/** We keep this much of a message of kubelet or the scheduler. Status has no room for more. */
const MESSAGE = 1_024

/** Kubernetes: a termination message has 4 KiB. Its end is the report. */
const MAX_TERMINATION_MESSAGE = 4_096

const terminated = z.object({
  exitCode: z.int(),
  reason: optional(text(1024)),
  message: optional(text(MAX_TERMINATION_MESSAGE)),
  finishedAt: optional(text(64)),
})

const containerStatus = z.object({
  name: text(253),
  state: optional(
    z.object({
      waiting: optional(z.object({ reason: optional(text(1024)), message: optional(startOf(MESSAGE)) })),
      running: optional(z.object({ startedAt: optional(text(64)) })),
      terminated: optional(terminated),
    }),
  ),
})

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: optional(text(1024)),
  message: optional(startOf(MESSAGE)),
})

/** What the controller reads of a pod that hydrates or measures. */
export const hydrationPod = z.object({
  metadata: storedObjectMeta.extend({ ownerReferences: optional(ownerReferences) }),
  status: optional(
    z.object({
      phase: optional(text(64)),
      reason: optional(text(1024)),
      message: optional(startOf(MESSAGE)),
      conditions: optional(
        listOf(condition, 64).transform(all =>
          all.filter(({ type }) => type === SCHEDULED || type === DISRUPTED),
        ),
      ),
      containerStatuses: optional(
        listOf(containerStatus, 256).transform(all => all.filter(({ name }) => name === HYDRATOR_CONTAINER)),
      ),
    }),
  ),
})

export type HydrationPod = z.infer<typeof hydrationPod>
