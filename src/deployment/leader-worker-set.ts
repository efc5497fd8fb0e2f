import type { ModelDeployment } from '../api/modeldeployment.ts'
import { LWS_API_VERSION } from '../api/names.ts'
import { gangStart } from './bootstrap/gang-start.ts'
import { madeFor, passedOn } from './made-for.ts'
import { podTemplate } from './pod-template.ts'

/**
 * The LeaderWorkerSet of strategy TensorPipeline, whose replicas are gangs. A rollout first ends a gang and
 * then starts its successor. If one pod of a gang restarts, the whole gang does: an engine that has lost a
 * part of itself does not recover.
 */
export function leaderWorkerSetOf(deployment: ModelDeployment) {
  const { replicas, workers } = deployment.spec
  const { leader, worker } = gangStart(deployment)
  return {
    apiVersion: LWS_API_VERSION,
    kind: 'LeaderWorkerSet',
    metadata: { ...madeFor(deployment), ...passedOn(deployment) },
    spec: {
      replicas,
      // Otherwise LeaderWorkerSet makes a headless Service of its own name, which is that of ours.
      networkConfig: { subdomainPolicy: 'UniquePerReplica' },
      // A leader is not Ready before its workers have joined it.
      startupPolicy: 'LeaderCreated',
      rolloutStrategy: {
        type: 'RollingUpdate',
        rollingUpdateConfiguration: { partition: 0, maxUnavailable: 1, maxSurge: 0 },
      },
      leaderWorkerTemplate: {
        size: workers.topology.pipeline,
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: podTemplate(deployment, { ...leader, serves: true }),
        workerTemplate: podTemplate(deployment, { ...worker, serves: false }),
      },
    },
  }
}
