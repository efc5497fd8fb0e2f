import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { IMMUTABLE_FIELDS } from '../src/api/modelcache-fields.ts'
import { RESERVED_FIELDS } from '../src/api/not-implemented.ts'
import { SOURCE_NAMES } from '../src/api/sources.ts'
import { inferenceClusterCrd, modelCacheCrd, modelDeploymentCrd } from './crd.ts'

const node: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({
    description: z.string().optional(),
    properties: z.record(z.string(), node).optional(),
    items: node.optional(),
    'x-kubernetes-validations': z.array(z.looseObject({ rule: z.string() })).optional(),
  }),
)
interface SchemaNode {
  'x-kubernetes-validations'?: { rule: string }[] | undefined
  description?: string | undefined
  properties?: Record<string, SchemaNode> | undefined
  items?: SchemaNode | undefined
}

const definition = z.object({
  spec: z.object({
    versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: node }) })]),
  }),
})
const rootOf = (crd: unknown) => definition.parse(crd).spec.versions[0].schema.openAPIV3Schema
const root = rootOf(modelCacheCrd())

function* fields(schema: SchemaNode, path: string): Generator<[string, SchemaNode]> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${name}`, child]
    yield* fields(child, `${path}.${name}`)
  }
  if (schema.items) yield* fields(schema.items, `${path}[]`)
}

/** The API server explains these by itself. */
const OWNED = ['.apiVersion', '.kind', '.metadata']

test.each([
  ['ModelCache', root, '.spec.storage.pvc.storageClassName'],
  ['InferenceCluster', rootOf(inferenceClusterCrd()), '.spec.storage.storageClassName'],
])('the CRD of %s explains every field', (_, schema, known) => {
  const described = [...fields(schema, '')].filter(([path]) => !OWNED.includes(path))
  expect(described.map(([path]) => path)).toContain(known)
  const mute = described.filter(([, { description }]) => description === undefined)
  expect(mute.map(([path]) => path)).toEqual([])
})

test.each([
  ['ModelCache', root, 3],
  ['ModelDeployment', rootOf(modelDeploymentCrd()), 2],
  ['InferenceCluster', rootOf(inferenceClusterCrd()), 0],
])('the CRD of %s has each rule at the innermost object, where it costs least', (_, schema, atSpec) => {
  const misplaced = [...fields(schema, '')].flatMap(([path, { properties = {}, ...node }]) =>
    (node['x-kubernetes-validations'] ?? [])
      // Some transitions are about members that come and go.
      .filter(({ rule }) => !rule.includes('oldSelf'))
      .flatMap(({ rule }) => {
        const members = new Set([...rule.matchAll(/self\.(\w+)/g)].map(([, name = '']) => name))
        const [only = ''] = members
        return members.size === 1 && properties[only]?.properties ? [`${path}: ${rule}`] : []
      }),
  )
  expect(misplaced).toEqual([])
  expect(schema.properties?.spec?.['x-kubernetes-validations'] ?? []).toHaveLength(atSpec)
})

describe('the CRD of ModelCache', () => {
  test('names the sources that the rules count', () => {
    const source = root.properties?.spec?.properties?.artifact?.properties?.source
    expect(Object.keys(source?.properties ?? {})).toEqual([...SOURCE_NAMES, 'pvc-clone'])
  })

  test('has every field of the artifact immutable, but for credentials', () => {
    const artifact = root.properties?.spec?.properties?.artifact ?? {}
    const leaves = [...fields(artifact, 'artifact')]
      // A list is immutable as a whole.
      .filter(([path, schema]) => !schema.properties && !path.includes('[]') && !path.includes('secretRef'))
      .map(([path]) => path)
      .filter(path => !RESERVED_FIELDS.some(({ field }) => field === path))
    expect(IMMUTABLE_FIELDS.filter(field => field.startsWith('artifact')).sort()).toEqual(leaves.sort())
  })
})
