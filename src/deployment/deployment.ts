import type { ModelDeployment } from '../api/modeldeployment.ts'
import { madeFor, passedOn, selectorOf } from './made-for.ts'
import { podTemplate } from './pod-template.ts'

/** How long a rollout may stand still before it counts as stuck. Engines load for a long time. */
const PROGRESS_DEADLINE_S = 7_200

/**
 * The Deployment of strategy Tensor. A rollout first ends a pod and then starts its successor: two full sets
 * of accelerators are seldom there.
 */
export function deploymentOf(deployment: ModelDeployment) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...madeFor(deployment), ...passedOn(deployment) },
    spec: {
      replicas: deployment.spec.replicas,
      selector: { matchLabels: selectorOf(deployment.metadata.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      progressDeadlineSeconds: PROGRESS_DEADLINE_S,
      template: podTemplate(deployment, { words: deployment.spec.engine, serves: true }),
    },
  }
}
