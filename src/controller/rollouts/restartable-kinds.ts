import { z } from 'zod'
import { storedObjectMeta, valuesOf } from '../../api/kubernetes/metadata.ts'
import { LWS_API_VERSION, ROLLED_OUT, ROLLOUT } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import type { Resource, StoredObject } from '../../kube/resource.ts'

/** A workload whose controller replaces its pods when their template changes. */
export interface RestartableWorkload extends StoredObject {
  readonly metadata: StoredObject['metadata'] & { uid?: string | undefined }
  /** Whether its author wants a restart when a cache has another digest. */
  readonly isWanted: boolean
  /** What the last restart by this controller was for. */
  readonly restartedFor: string | undefined
  /** Whether it has all the pods that it wants, all are of its present template, and all are ready. */
  readonly isSettled: boolean
  /** A merge patch that restarts it for this. */
  restart(because: string): object
}

const count = optional(z.int().min(0))
const metadata = storedObjectMeta.extend({
  generation: count,
  annotations: optional(valuesOf(ROLLOUT)),
})
const template = z.object({
  metadata: optional(z.object({ annotations: optional(valuesOf(ROLLED_OUT)) })),
})
type Template = z.infer<typeof template>

const marked = (because: string) => ({ metadata: { annotations: { [ROLLED_OUT]: because } } })
const restartedFor = (of: Template | undefined) => of?.metadata?.annotations?.[ROLLED_OUT]
const isWanted = ({ annotations }: z.infer<typeof metadata>) => annotations?.[ROLLOUT] === 'true'

/** Those whose spec has one template, given how many pods they want and have. */
function ofOneTemplate<S extends z.ZodType>(
  status: S,
  isSettled: (status: z.output<S>, replicas: number) => boolean,
) {
  return z
    .object({
      metadata,
      spec: z.object({ replicas: count, template }),
      status: optional(z.object({ observedGeneration: count })),
    })
    .and(z.object({ status: optional(status) }))
    .transform(({ metadata, spec, status }) => ({
      metadata,
      isWanted: isWanted(metadata),
      restartedFor: restartedFor(spec.template),
      isSettled:
        status !== undefined &&
        (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
        isSettled(status, spec.replicas ?? 1),
      restart: (because: string) => ({ spec: { template: marked(because) } }),
    }))
}

const replicated = ofOneTemplate(
  z.object({ replicas: count, updatedReplicas: count, availableReplicas: count }),
  ({ replicas = 0, updatedReplicas = 0, availableReplicas = 0 }, wanted) =>
    replicas === wanted && updatedReplicas >= wanted && availableReplicas >= wanted,
)

const daemonSet = ofOneTemplate(
  z.object({ desiredNumberScheduled: count, updatedNumberScheduled: count, numberAvailable: count }),
  ({ desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 }) =>
    updatedNumberScheduled >= desiredNumberScheduled && numberAvailable >= desiredNumberScheduled,
)

/** Its gangs are restarted one after the other, each as a whole. */
const leaderWorkerSet = z
  .object({
    metadata,
    spec: z.object({
      replicas: count,
      leaderWorkerTemplate: z.object({ leaderTemplate: optional(template), workerTemplate: template }),
    }),
    status: optional(z.object({ replicas: count, updatedReplicas: count, readyReplicas: count })),
  })
  .transform(({ metadata, spec: { replicas: wanted = 1, leaderWorkerTemplate }, status }) => ({
    metadata,
    isWanted: isWanted(metadata),
    restartedFor: restartedFor(leaderWorkerTemplate.workerTemplate),
    isSettled:
      status?.replicas === wanted &&
      (status.updatedReplicas ?? 0) >= wanted &&
      (status.readyReplicas ?? 0) >= wanted,
    restart: (because: string) => ({
      spec: {
        leaderWorkerTemplate: {
          ...(leaderWorkerTemplate.leaderTemplate && { leaderTemplate: marked(because) }),
          workerTemplate: marked(because),
        },
      },
    }),
  }))

/** By kind. Pods of other kinds keep what they have until somebody restarts them. */
export const RESTARTABLE_KINDS: Readonly<Record<string, Resource<RestartableWorkload>>> = {
  DaemonSet: kind('apps/v1', 'DaemonSet', 'daemonsets', daemonSet),
  Deployment: kind('apps/v1', 'Deployment', 'deployments', replicated),
  LeaderWorkerSet: kind(LWS_API_VERSION, 'LeaderWorkerSet', 'leaderworkersets', leaderWorkerSet),
  StatefulSet: kind('apps/v1', 'StatefulSet', 'statefulsets', replicated),
}

function kind(
  apiVersion: string,
  kind: string,
  plural: string,
  schema: z.ZodType<RestartableWorkload>,
): Resource<RestartableWorkload> {
  return { apiVersion, kind, plural, namespaced: true, schema }
}
