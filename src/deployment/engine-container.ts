import { z } from 'zod'
import type { ModelDeployment } from '../api/modeldeployment.ts'
import type { Start } from './bootstrap/start.ts'
import { mergedBy } from './merged-by.ts'
import { probesOf } from './probes.ts'

/** The container that we make. A template may have one of that name, and ours is merged over it. */
export const ENGINE = 'engine'
export const SHM_VOLUME = 'modelcache-shm'

/** What NCCL and the workers of an engine need to talk to one another on one node. */
const SHM_BESIDE_OTHERS = '1Gi'

/** The size of /dev/shm, if it must be larger than that of the runtime (64 MiB). */
export function shmSizeOf({ spec }: ModelDeployment): string | number | undefined {
  const { engine, workers } = spec
  return engine.shmSize ?? (workers.topology.tensor > 1 ? SHM_BESIDE_OTHERS : undefined)
}

/** What a pod of a deployment does. */
export interface PodRole extends Start {
  /** Whether it has the API of the engine. The workers of a gang have none. */
  serves: boolean
}

/** Builds the container of the engine. Its fields replace those that the template gives to that container. */
export function engineContainer(
  deployment: ModelDeployment,
  base: Record<string, unknown>,
  { words, env = [], serves }: PodRole,
): object {
  const { engine, workers } = deployment.spec
  const { startupProbe, readinessProbe, livenessProbe, ...unprobed } = base
  const { cpu, memory } = workers.resources ?? {}
  const amounts = {
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(workers.topology.tensor > 0 && { [workers.accelerator]: workers.topology.tensor }),
  }
  return {
    ...(serves ? { ...probesOf(engine), ...base } : unprobed),
    name: ENGINE,
    image: engine.image,
    ...(words.command && { command: words.command }),
    ...(words.args && { args: words.args }),
    env: mergedBy('name', base.env, [...env, ...(engine.env ?? [])]),
    ports: mergedBy(
      'containerPort',
      base.ports,
      serves ? [{ name: 'http', containerPort: engine.port, protocol: 'TCP' }] : [],
    ),
    resources: merged(base.resources, { requests: amounts, limits: amounts }),
    volumeMounts: mergedBy(
      'mountPath',
      base.volumeMounts,
      shmSizeOf(deployment) === undefined ? [] : [{ name: SHM_VOLUME, mountPath: '/dev/shm' }],
    ),
  }
}

const amounts = z.looseObject({
  requests: z.looseObject({}).optional(),
  limits: z.looseObject({}).optional(),
})

function merged(base: unknown, ours: { requests: object; limits: object }): object {
  const { requests, limits, ...others } = amounts.safeParse(base).data ?? {}
  return { ...others, requests: { ...requests, ...ours.requests }, limits: { ...limits, ...ours.limits } }
}
