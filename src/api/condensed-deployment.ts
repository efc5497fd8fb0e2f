import { condensedSelector } from './condensed.ts'
import type { ModelDeployment } from './modeldeployment.ts'
import { EXCLUSIVE_TOPOLOGY, ROLLOUT } from './names.ts'
import { digestOf } from './schema/digest.ts'

/** What memory keeps of a ModelDeployment: who asks for which caches, where, and how it is doing. */
export interface KnownDeployment {
  readonly metadata: ModelDeployment['metadata']
  readonly spec: Pick<ModelDeployment['spec'], 'replicas' | 'caches' | 'clusterSelector' | 'placement'> &
    Pick<ModelDeployment['spec']['workers']['topology'], 'strategy'>
  readonly status?: ModelDeployment['status']
  /** The same for all that ask for the same instances, however many and wherever. */
  readonly fingerprint: string
}

/** Annotations of a ModelDeployment that its controller heeds. */
export const DEPLOYMENT_ANNOTATIONS = [EXCLUSIVE_TOPOLOGY, ROLLOUT] as const

/** Leaves out templates and arguments, which may be large. Whoever needs them reads the object. */
export function condensedDeployment({ metadata, spec, status }: ModelDeployment): KnownDeployment {
  const { replicas, clusterSelector, placement, ...wanted } = spec
  const { caches, workers } = wanted
  const annotations = DEPLOYMENT_ANNOTATIONS.map(key => metadata.annotations?.[key])
  return {
    metadata,
    spec: {
      replicas,
      strategy: workers.topology.strategy,
      ...(caches && { caches }),
      ...(clusterSelector && { clusterSelector: condensedSelector(clusterSelector) }),
      ...(placement && { placement }),
    },
    ...(status && { status }),
    fingerprint: digestOf(JSON.stringify([wanted, annotations])),
  }
}
