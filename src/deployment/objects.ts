import type { ModelDeployment } from '../api/modeldeployment.ts'
import { deploymentOf } from './deployment.ts'
import { leaderWorkerSetOf } from './leader-worker-set.ts'
import { madeFor, selectorOf, servingSelectorOf } from './made-for.ts'

/** What creates the pods. */
export function workloadOf(deployment: ModelDeployment) {
  return WORKLOADS[deployment.spec.workers.topology.strategy](deployment)
}

const WORKLOADS = { Tensor: deploymentOf, TensorPipeline: leaderWorkerSetOf }

/** The Service, at the port of the engine. Of a gang, only the leader serves. */
export function serviceOf(deployment: ModelDeployment) {
  const { engine, workers } = deployment.spec
  const { name } = deployment.metadata
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: madeFor(deployment),
    spec: {
      selector: servingSelectorOf(name, workers.topology.strategy),
      ports: [{ name: 'http', port: engine.port, targetPort: 'http', protocol: 'TCP' }],
    },
  }
}

/** At most one pod is evicted at a time, such as when nodes are drained. Broken pods always may be. */
export function budgetOf(deployment: ModelDeployment) {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: madeFor(deployment),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorOf(deployment.metadata.name) },
    },
  }
}
