import { beforeAll, expect, test } from 'vitest'
import { RESERVED_FIELDS } from '../../src/api/not-implemented.ts'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { classes, modelCache, soundSpec } from './support/objects.ts'

// Names of the design that this version does not have. kubectl validates strictly, and other clients do not.

let cluster: Cluster
beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

/** What a person would write there. */
const VALUES: Readonly<Record<string, unknown>> = {
  'artifact.adapterType': 'LoRA',
  'clusterSelector.cel': 'cluster.labels.tier == "prod"',
}

/** The spec with such a value at a dotted path. */
function filled(spec: object, field: string): object {
  const copy: Record<string, unknown> = structuredClone(spec) as Record<string, unknown>
  const names = field.split('.')
  const last = names.pop() ?? ''
  const parent = names.reduce<Record<string, unknown>>((owner, name) => {
    owner[name] ??= {}
    return owner[name] as Record<string, unknown>
  }, copy)
  parent[last] = VALUES[field] ?? { name: 'x', nested: { deep: [1] } }
  return copy
}

test.each(RESERVED_FIELDS)('$field of a ModelCache is denied by name', async ({ field, instead }) => {
  const spec = filled(soundSpec(), field)
  for (const flags of [[], ['--validate=false']]) {
    const { code, stderr } = await cluster.apply(modelCache('reserved', spec), ...flags)
    expect(code).toBe(1)
    expect(stderr).toContain(`NotImplemented: ${field} is not implemented; ${instead}`)
  }
})
