import { z } from 'zod'
import { MADE_FROM } from './annotations.ts'
import { listOf, text } from './bounds.ts'
import { ownerReferences, storedObjectMeta, valuesOf } from './metadata.ts'

/** On Jobs and pods that hydrate or measure, for watches and for people's NetworkPolicies. */
export const HYDRATOR_LABELS = {
  'app.kubernetes.io/name': 'modelcache',
  'app.kubernetes.io/component': 'hydrator',
} as const

/** What watches select. Anybody may put labels on a Job or a pod, so who made it is told by its controller's UID. */
export const HYDRATOR_SELECTOR = Object.entries(HYDRATOR_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')

/** Kubernetes: a message has 32 KiB at most. What is longer is no condition of its own making. */
const MESSAGE = 32_768

const condition = z.object({
  type: text(316),
  status: text(16),
  reason: text(1024).nullish(),
  message: text(MESSAGE).nullish(),
  lastTransitionTime: text(64).nullish(),
})

/** What the controller reads of a batch/v1 Job that hydrates or measures. */
export const hydrationJob = z.object({
  metadata: storedObjectMeta.extend({
    uid: text(256),
    annotations: valuesOf(MADE_FROM).optional(),
    ownerReferences: ownerReferences.optional(),
  }),
  spec: z.object({ suspend: z.boolean().nullish() }),
  status: z
    .object({
      startTime: text(64).nullish(),
      conditions: listOf(condition, 32).nullish(),
    })
    .optional(),
})

export type HydrationJob = z.infer<typeof hydrationJob>
