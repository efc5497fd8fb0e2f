import { condensedDeployment } from '../../api/condensed-deployment.ts'
import { aCondition, aModelDeployment, anInferenceCluster } from '../../api/fixtures.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { AnyCopy } from '../copies/copied-kind.ts'
import type { Copies } from '../copies/copies.ts'

type Given = NonNullable<Parameters<typeof aModelDeployment>[0]>

/** A ModelDeployment that selects all clusters, as memory keeps it. */
export function aSpread({ spec, ...given }: Given = {}) {
  return condensedDeployment(
    aModelDeployment({ ...given, spec: { replicas: 4, clusterSelector: {}, ...spec } }),
  )
}

/** A registered cluster: Ready, or silent since a time in milliseconds since the epoch. */
export function aCluster(name: string, silentSince?: number): InferenceCluster {
  const { metadata, ...rest } = anInferenceCluster(name)
  const holds = silentSince === undefined ? 'True' : 'False'
  const lastTransitionTime = new Date(silentSince ?? 0).toISOString()
  const conditions = ['Reachable', 'Ready'].map(type => ({
    ...aCondition(type, holds, { reason: 'Unreachable', message: 'connection refused' }),
    lastTransitionTime,
  }))
  return {
    ...rest,
    metadata: { ...metadata, labels: { region: name } },
    spec: { cluster: { source: 'Existing', existing: { secretRef: { name } } } },
    status: { conditions },
  }
}

/** The copies of one kind in a cluster that the hub knows. */
export function copiesOf<C extends AnyCopy>(copy: C | undefined, problem?: string): Copies<C> {
  return {
    store: { get: () => copy, values: () => (copy === undefined ? [] : [copy]) },
    isKnown: () => true,
    problemOf: () => problem,
    look: () => {},
  }
}
