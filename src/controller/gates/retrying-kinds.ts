import { z } from 'zod'
import { storedObjectMeta, valuesOf } from '../../api/kubernetes/metadata.ts'
import { CACHES, NOT_READY } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import { listOf, text } from '../../api/schema/bounds.ts'
import type { Resource, StoredObject } from '../../kube/resource.ts'

/** A workload whose controller creates pods, and waits longer after each one that is denied. */
export interface RetryingWorkload extends StoredObject {
  /** The annotations of its pod template that ask for caches. */
  readonly asks: Readonly<Record<string, string | undefined>>
  /** Whether it has fewer pods than it wants. */
  readonly isShort: boolean
}

const count = optional(z.int().min(0))
const template = z.object({
  metadata: optional(z.object({ annotations: optional(valuesOf(CACHES, NOT_READY)) })),
})
const metadata = storedObjectMeta

/** Of a ReplicaSet or a StatefulSet. `replicas` of the status counts the pods that exist. */
const replicated = z
  .object({
    metadata,
    spec: z.object({ replicas: count, template }),
    status: optional(z.object({ replicas: count })),
  })
  .transform(({ metadata, spec, status }) => ({
    metadata,
    asks: spec.template.metadata?.annotations ?? {},
    isShort: (status?.replicas ?? 0) < (spec.replicas ?? 1),
  }))

const daemonSet = z
  .object({
    metadata,
    spec: z.object({ template }),
    status: optional(z.object({ currentNumberScheduled: count, desiredNumberScheduled: count })),
  })
  .transform(({ metadata, spec, status }) => ({
    metadata,
    asks: spec.template.metadata?.annotations ?? {},
    isShort: (status?.currentNumberScheduled ?? 0) < (status?.desiredNumberScheduled ?? 0),
  }))

const condition = z.object({ type: text(316), status: text(16) })
const job = z
  .object({
    metadata,
    spec: z.object({ parallelism: count, suspend: optional(z.boolean()), template }),
    status: optional(z.object({ active: count, conditions: optional(listOf(condition, 64)) })),
  })
  .transform(({ metadata, spec, status }) => ({
    metadata,
    asks: spec.template.metadata?.annotations ?? {},
    isShort:
      spec.suspend !== true &&
      (status?.active ?? 0) < (spec.parallelism ?? 1) &&
      !(status?.conditions ?? []).some(
        ({ type, status: held }) => held === 'True' && (type === 'Complete' || type === 'Failed'),
      ),
  }))

/** The kinds of Kubernetes itself that do so. Those of operators come down to them, or retry on their own. */
export const RETRYING_KINDS: readonly Resource<RetryingWorkload>[] = [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true, schema: replicated },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    plural: 'statefulsets',
    namespaced: true,
    schema: replicated,
  },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true, schema: daemonSet },
  { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true, schema: job },
]
