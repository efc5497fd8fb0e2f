import { z } from 'zod'
import { MADE_FROM } from '../names.ts'
import { optional } from '../schema/absent.ts'
import { listOf, startOf, text } from '../schema/bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'

/** The label of Jobs and pods that hydrate or measure, for watches and for NetworkPolicies. */
export const HYDRATOR_LABELS = {
  'app.kubernetes.io/name': 'modelcache',
  'app.kubernetes.io/component': 'hydrator',
} as const

/**
 * The selector of our watches. Anybody may label a Job or a pod, so we identify ours by the UID of its
 * controller.
 */
export const HYDRATOR_SELECTOR = Object.entries(HYDRATOR_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')

/**
 * The label of a Job that waits in a queue of Kueue. Kueue resumes such a Job when its turn comes.
 * https://kueue.sigs.k8s.io/docs/tasks/run/jobs/
 */
export const QUEUE_NAME = 'kueue.x-k8s.io/queue-name'

/** We keep this much of a condition's message. Status has no room for more. */
const MESSAGE = 1_024

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: optional(text(1024)),
  message: optional(startOf(MESSAGE)),
  lastTransitionTime: optional(text(64)),
})

/** How a Job ended. Nobody asks about other conditions, such as `Suspended`. */
const ENDS = ['Complete', 'Failed']

/** What the controller reads of a batch/v1 Job that hydrates or measures. */
export const hydrationJob = z.object({
  metadata: storedObjectMeta.extend({
    uid: text(256),
    labels: optional(z.object({ [QUEUE_NAME]: optional(startOf(253)) })),
    annotations: optional(z.object({ [MADE_FROM]: optional(startOf(64)) })),
    ownerReferences: optional(ownerReferences),
  }),
  spec: z.object({ suspend: optional(z.boolean()) }),
  status: optional(
    z.object({
      startTime: optional(text(64)),
      conditions: optional(
        listOf(condition, 32).transform(all => all.filter(({ type }) => ENDS.includes(type))),
      ),
    }),
  ),
})

export type HydrationJob = z.infer<typeof hydrationJob>
