import { z } from 'zod'
import { MADE_FROM } from '../names.ts'
import { optional } from '../schema/absent.ts'
import { listOf, startOf, text } from '../schema/bounds.ts'
import { ownerReferences, storedObjectMeta } from './metadata.ts'

/** On Jobs and pods that hydrate or measure, for watches and for people's NetworkPolicies. */
export const HYDRATOR_LABELS = {
  'app.kubernetes.io/name': 'modelcache',
  'app.kubernetes.io/component': 'hydrator',
} as const

/** What watches select. Anybody may put labels on a Job or a pod, so who made it is told by its controller's UID. */
export const HYDRATOR_SELECTOR = Object.entries(HYDRATOR_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')

/** What is kept of a condition's message: status has no room for more. */
const MESSAGE = 1_024

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: optional(text(1024)),
  message: optional(startOf(MESSAGE)),
  lastTransitionTime: optional(text(64)),
})

/** How a Job has ended. Others, such as `Suspended`, are not asked about. */
const ENDS = ['Complete', 'Failed']

/** What the controller reads of a batch/v1 Job that hydrates or measures. */
export const hydrationJob = z.object({
  metadata: storedObjectMeta.extend({
    uid: text(256),
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
