import type { ModelDeployment } from './modeldeployment.ts'

/** What memory keeps of a ModelDeployment: who asks for which caches, and how it is doing. */
export interface KnownDeployment {
  readonly metadata: ModelDeployment['metadata']
  readonly spec: Pick<ModelDeployment['spec'], 'replicas' | 'caches'> &
    Pick<ModelDeployment['spec']['workers']['topology'], 'strategy'>
  readonly status?: ModelDeployment['status']
}

/** Leaves out templates and arguments, which may be large. Whoever needs them reads the object. */
export function condensedDeployment({ metadata, spec, status }: ModelDeployment): KnownDeployment {
  const { replicas, caches, workers } = spec
  const { strategy } = workers.topology
  return { metadata, spec: { replicas, strategy, ...(caches && { caches }) }, ...(status && { status }) }
}
