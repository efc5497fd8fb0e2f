import { z } from 'zod'
import type { ModelDeployment } from '../api/modeldeployment.ts'
import { CACHE_CONTAINERS, CACHES, GATE, NOT_READY } from '../api/names.ts'
import { ENGINE, engineContainer, type PodRole, SHM_VOLUME, shmSizeOf } from './engine-container.ts'
import { selectorOf } from './made-for.ts'
import { mergedBy } from './merged-by.ts'

const values = z.record(z.string(), z.string())
const given = z.object({
  metadata: z.looseObject({ labels: values.optional(), annotations: values.optional() }).optional(),
  spec: z
    .looseObject({
      containers: z.array(z.looseObject({ name: z.string().optional() })).optional(),
      volumes: z.array(z.unknown()).optional(),
      imagePullSecrets: z.array(z.unknown()).optional(),
    })
    .optional(),
})

/** What is wrong with a template; undefined if it has the shape of one. */
export function templateProblem({ spec }: ModelDeployment): string | undefined {
  const issue = given.safeParse(spec.workers.template ?? {}).error?.issues[0]
  return issue && `spec.workers.template.${issue.path.join('.')}: ${issue.message}`
}

/**
 * The template of the pods of a deployment: what the author gave, with the engine and the annotations for its
 * caches over it. Pods wait at a gate, without a node, until the caches are Ready, unless the author says
 * otherwise.
 */
export function podTemplate(deployment: ModelDeployment, role: PodRole): object {
  const { engine, caches = [], workers } = deployment.spec
  const { metadata, spec } = given.safeParse(workers.template ?? {}).data ?? {}
  const { containers = [], volumes = [], imagePullSecrets = [], ...fields } = spec ?? {}
  const base = containers.find(({ name }) => name === ENGINE) ?? {}
  const shm = shmSizeOf(deployment)
  const names = caches.map(({ name }) => name)
  const asks =
    names.length === 0
      ? {}
      : { [NOT_READY]: GATE, [CACHE_CONTAINERS]: ENGINE, ...metadata?.annotations, [CACHES]: names.join(',') }
  return {
    metadata: {
      labels: { ...metadata?.labels, ...selectorOf(deployment.metadata.name) },
      annotations: { ...metadata?.annotations, ...asks },
    },
    spec: {
      ...fields,
      imagePullSecrets: mergedBy('name', imagePullSecrets, engine.imagePullSecrets ?? []),
      containers: [
        engineContainer(deployment, base, role),
        ...containers.filter(({ name }) => name !== ENGINE),
      ],
      volumes: mergedBy(
        'name',
        volumes,
        shm === undefined ? [] : [{ name: SHM_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: shm } }],
      ),
    },
  }
}
