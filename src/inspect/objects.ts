import { z } from 'zod'
import { CACHES, INJECTED } from '../api/names.ts'
import { optional } from '../api/schema/absent.ts'
import { listOf, startOf, text } from '../api/schema/bounds.ts'

// What we read of objects to explain them to a person. Anybody may have written them, so everything has a
// bound.

const NAME = 253
const SHORT = 1_024
/** A person reads this much of a message. */
const MESSAGE = 2_048
const MAX_ITEMS = 256

const owner = z.object({ uid: text(SHORT), controller: optional(z.boolean()) })

const meta = z.object({
  name: text(NAME),
  namespace: optional(text(NAME)),
  uid: text(SHORT),
  creationTimestamp: optional(text(64)),
  deletionTimestamp: optional(text(64)),
  annotations: optional(
    z.object({ [CACHES]: optional(startOf(8_192)), [INJECTED]: optional(startOf(8_192)) }),
  ),
  ownerReferences: optional(listOf(owner, MAX_ITEMS)),
})

const told = { reason: optional(text(SHORT)), message: optional(startOf(MESSAGE)) }

const containerStatus = z.object({
  name: text(NAME),
  ready: optional(z.boolean()),
  state: optional(
    z.object({
      waiting: optional(z.object(told)),
      terminated: optional(z.object({ ...told, exitCode: z.int() })),
    }),
  ),
})

const condition = z.object({ type: text(SHORT), status: text(16), ...told })

const servingEntry = z.object({
  name: text(NAME),
  replicas: z.int(),
  readyReplicas: z.int(),
  message: told.message,
})

/** A ModelDeployment, which names its caches itself. */
export const seenDeployment = z.object({
  spec: z.object({ caches: optional(listOf(z.object({ name: text(NAME) }), MAX_ITEMS)) }),
  status: optional(
    z.object({
      clusters: optional(listOf(servingEntry, MAX_ITEMS)),
      conditions: optional(listOf(condition, MAX_ITEMS)),
    }),
  ),
})

export const seenPod = z.object({
  metadata: meta,
  spec: optional(
    z.object({
      nodeName: optional(text(NAME)),
      schedulingGates: optional(listOf(z.object({ name: text(SHORT) }), MAX_ITEMS)),
    }),
  ),
  status: optional(
    z.object({
      phase: optional(text(64)),
      ...told,
      conditions: optional(listOf(condition, MAX_ITEMS)),
      initContainerStatuses: optional(listOf(containerStatus, MAX_ITEMS)),
      containerStatuses: optional(listOf(containerStatus, MAX_ITEMS)),
    }),
  ),
})

export const seenClaim = z.object({
  metadata: meta,
  spec: optional(
    z.object({
      storageClassName: optional(text(NAME)),
      resources: optional(z.object({ requests: optional(z.object({ storage: optional(text(64)) })) })),
    }),
  ),
  status: optional(z.object({ phase: optional(text(64)) })),
})

export const seenJob = z.object({
  metadata: meta,
  spec: optional(z.object({ suspend: optional(z.boolean()) })),
  status: optional(
    z.object({
      active: optional(z.int()),
      failed: optional(z.int()),
      succeeded: optional(z.int()),
      conditions: optional(listOf(condition, MAX_ITEMS)),
    }),
  ),
})

/** Anything that creates pods, or creates what creates them. */
export const seenMaker = z.object({
  kind: optional(text(NAME)),
  metadata: meta,
  spec: optional(z.object({ replicas: optional(z.int()) })),
})

/** core/v1. The API server also shows the Events of events.k8s.io in this form. */
export const seenEvent = z.object({
  metadata: z.object({ creationTimestamp: optional(text(64)) }),
  involvedObject: z.object({
    kind: optional(text(NAME)),
    name: optional(text(NAME)),
    uid: optional(text(SHORT)),
  }),
  type: optional(text(64)),
  ...told,
  count: optional(z.int()),
  firstTimestamp: optional(text(64)),
  lastTimestamp: optional(text(64)),
  eventTime: optional(text(64)),
  series: optional(z.object({ count: optional(z.int()), lastObservedTime: optional(text(64)) })),
})

export type SeenPod = z.infer<typeof seenPod>
export type SeenClaim = z.infer<typeof seenClaim>
export type SeenJob = z.infer<typeof seenJob>
export type SeenMaker = z.infer<typeof seenMaker>
export type SeenEvent = z.infer<typeof seenEvent>
