import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { modelCache, soundSpec } from './support/objects.ts'

// Every class of docs/clouds.md, and a ModelCache that names it.

const PAGE = readFileSync(new URL('../../docs/clouds.md', import.meta.url), 'utf8')
const storageClass = z.looseObject({
  kind: z.literal('StorageClass'),
  metadata: z.object({ name: z.string() }),
  provisioner: z.string(),
})
const found = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => ({
  ...storageClass.parse(parse(text)),
  text,
}))

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
})

test.each(found)(
  '$metadata.name of docs/clouds.md qualifies for a ModelCache',
  async ({ metadata, text }) => {
    const made = await cluster.kubectl(['apply', '-f', '-'], text)
    expect(made, made.stderr).toMatchObject({ code: 0, stderr: '' })
    const spec = soundSpec({
      // Another artifact each, because the second cache of one draws a warning.
      artifact: { kind: 'Bytes', source: { inline: { files: { name: metadata.name } } } },
      storage: { backend: 'PVC', pvc: { storageClassName: metadata.name, sizeGiB: 5 } },
    })
    const applied = await cluster.apply(modelCache(`on-${metadata.name}`, spec))
    expect(applied, applied.stderr).toMatchObject({ code: 0, stderr: '' })
  },
)

test('the page has a class for each of the large clouds, and for clusters of your own', () => {
  expect(found.length).toBeGreaterThan(8)
})
