import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { modelCacheCrd } from './crd.ts'
import { IMMUTABLE_FIELDS, SOURCES } from './modelcachefields.ts'
import { RESERVED_FIELDS } from './notimplemented.ts'

const node: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({
    description: z.string().optional(),
    properties: z.record(z.string(), node).optional(),
    items: node.optional(),
  }),
)
interface SchemaNode {
  description?: string | undefined
  properties?: Record<string, SchemaNode> | undefined
  items?: SchemaNode | undefined
}

const crd = z
  .object({
    spec: z.object({
      versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: node }) })]),
    }),
  })
  .parse(modelCacheCrd())
const root = crd.spec.versions[0].schema.openAPIV3Schema

function* fields(schema: SchemaNode, path: string): Generator<[string, SchemaNode]> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${name}`, child]
    yield* fields(child, `${path}.${name}`)
  }
  if (schema.items) yield* fields(schema.items, `${path}[]`)
}

describe('the CRD', () => {
  test('explains every field', () => {
    const mute = [...fields(root, '')]
      .filter(([path, schema]) => schema.description === undefined && path.split('.').length > 2)
      .map(([path]) => path)
    expect(mute).toEqual([])
  })

  test('names the sources that the rules count', () => {
    const source = root.properties?.spec?.properties?.artifact?.properties?.source
    expect(Object.keys(source?.properties ?? {})).toEqual([...SOURCES])
  })

  test('has every field of the artifact immutable, but for credentials', () => {
    const artifact = root.properties?.spec?.properties?.artifact ?? {}
    const leaves = [...fields(artifact, 'artifact')]
      .filter(([path, schema]) => !schema.properties && !path.includes('secretRef'))
      .map(([path]) => path)
      .filter(path => !RESERVED_FIELDS.some(reserved => reserved === path))
    expect(IMMUTABLE_FIELDS.filter(field => field.startsWith('artifact')).sort()).toEqual(leaves.sort())
  })
})
