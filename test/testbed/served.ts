import { z } from 'zod'
import type { Kubectl } from './kubectl.ts'
import type { KubeObject } from './objects.ts'
import { waitUntil } from './wait.ts'

const definition = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ plural: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean() })),
  }),
})

const SERVED_MS = 30_000

/** Resolves when the API server answers for every version of every CRD among the objects. */
export async function waitUntilServed(kubectl: Kubectl, objects: readonly KubeObject[]): Promise<void> {
  const paths = objects.filter(({ kind }) => kind === 'CustomResourceDefinition').flatMap(pathsOf)
  await Promise.all(
    paths.map(path =>
      waitUntil({
        what: `${path} in the API`,
        timeoutMs: SERVED_MS,
        probe: async () => {
          const { code, stderr } = await kubectl(['get', '--raw', path])
          return code === 0 ? undefined : stderr.trim()
        },
      }),
    ),
  )
}

function pathsOf(crd: KubeObject): string[] {
  const { group, names, versions } = definition.parse(crd).spec
  return versions.filter(({ served }) => served).map(({ name }) => `/apis/${group}/${name}/${names.plural}`)
}
