import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { claim, classes, huggingFace, modelCache, soundSpec } from './support/objects.ts'

// A ModelCache sends a Secret to the host that it names. A user who may create ModelCaches but not read
// Secrets must not get one this way.
const STAGER = ['--as=stager', '--as-group=system:authenticated']
const READER = ['--as=reader', '--as-group=system:authenticated']
const PATIENT = '{"metadata":{"annotations":{"modelplane.ai/paused":"true"}}}'
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  for (const args of [
    ['role', 'stages', '--verb=create,update,patch,get', '--resource=modelcaches.modelplane.ai'],
    ['rolebinding', 'stager', '--role=stages', '--user=stager'],
    ['rolebinding', 'reader', '--role=stages', '--user=reader'],
    ['role', 'reads-own', '--verb=get', '--resource=secrets,configmaps', '--resource-name=own'],
    ['rolebinding', 'stager-own', '--role=reads-own', '--user=stager'],
    ['rolebinding', 'reader-all', '--clusterrole=edit', '--user=reader'],
  ]) {
    const { code, stderr } = await cluster.kubectl(['create', ...args])
    expect(code, stderr).toBe(0)
  }
  await eventually('the rights', async () => {
    const { stdout } = await cluster.kubectl([...STAGER, 'auth', 'can-i', 'get', 'secret/own'])
    return stdout.trim() === 'yes' || undefined
  })
})

const from = (source: object, hydration?: object) =>
  soundSpec({ artifact: { kind: 'Weights', source }, ...(hydration && { hydration }) })
const secretRef = { name: 'theirs' }
const url = 'https://mine.example.com/loot.tar'

const NAMING: [string, object][] = [
  ['a Secret with a server of their own', from({ http: { url, secretRef } })],
  ['a Secret that holds the URL', from({ http: { secretRef: { ...secretRef, urlKey: 'url' } } })],
  [
    'a Secret with a mirror of their own',
    from({ huggingFace: { ...huggingFace, endpoint: 'https://mine.example.com', secretRef } }),
  ],
  ['a Secret with the hub', from({ huggingFace: { ...huggingFace, secretRef } })],
  ['a ConfigMap', from({ configMap: { name: 'theirs' } })],
  ['a Secret for images', from({ huggingFace }, { imagePullSecrets: [{ name: 'own' }, { name: 'theirs' }] })],
  ['a ServiceAccount', from({ huggingFace }, { serviceAccountName: 'theirs' })],
  [
    'a Secret with a bucket',
    from({ s3: { uri: 's3://bucket/', endpoint: 'https://mine.example.com', secretRef } }),
  ],
  ['a Secret with a registry', from({ oci: { reference: 'mine.example.com/a:1', secretRef } })],
  [
    'a Secret with a bucket of Google',
    from({ gcs: { uri: 'gs://bucket/', endpoint: 'https://mine.example.com', secretRef } }),
  ],
  [
    'a Secret with a container of Azure',
    from({
      azure: { account: 'mine', uri: 'az://abc/', endpoint: 'https://mine.example.com', secretRef },
    }),
  ],
]

describe('who may not read it does not make a ModelCache that names', () => {
  test.each(NAMING)('%s', async (_what, spec) => {
    const { code, stderr } = await cluster.apply(modelCache('asks', spec), ...STAGER)
    expect(code).toBe(1)
    expect(stderr).toContain('ReadForbidden: ')
  })

  test.each(NAMING)('%s, by changing one', async (what, spec) => {
    const name = `was-${NAMING.findIndex(([each]) => each === what)}`
    // Does not set the tested field. The rest of the source never changes.
    const before = JSON.parse(
      JSON.stringify(spec, (key, value) => (['secretRef', 'hydration'].includes(key) ? undefined : value)),
    )
    const { configMap, http } = before.artifact.source
    if (configMap !== undefined || (http !== undefined && http.url === undefined)) return
    await cluster.need(modelCache(name, before))
    await cluster.kubectl(['patch', `modelcache/${name}`, '--type=merge', '-p', PATIENT])
    const { code, stderr } = await cluster.apply(modelCache(name, spec), ...STAGER)
    expect(code).toBe(1)
    expect(stderr).toContain('ReadForbidden: ')
  })
})

describe('who may read it', () => {
  test.each(NAMING)('makes one that names %s', async (_what, spec) => {
    const { code, stderr } = await cluster.apply(modelCache('reads', spec), ...READER, '--dry-run=server')
    expect(code, stderr).toBe(0)
  })

  test('by name makes one that names that one', async () => {
    const spec = from({ http: { url, secretRef: { name: 'own' } } })
    const { code, stderr } = await cluster.apply(modelCache('own', spec), ...STAGER, '--dry-run=server')
    expect(code, stderr).toBe(0)
  })
})

test('who may not read it changes something else of such a ModelCache', async () => {
  const [, spec] = NAMING[0] ?? []
  await cluster.need(modelCache('stands', spec ?? {}))
  for (const args of [
    ['label', 'modelcache/stands', 'team=one'],
    ['patch', 'modelcache/stands', '--type=merge', '-p', '{"spec":{"storage":{"pvc":{"sizeGiB":200}}}}'],
  ]) {
    const { code, stderr } = await cluster.kubectl([...STAGER, ...args])
    expect(code, stderr).toBe(0)
  }
})

describe('who may not create pods does not read with the identity of one', () => {
  test.each<[string, object, string]>([
    ['a bucket of S3', { s3: { uri: 's3://bucket/' } }, 'without secretRef, sources s3, gcs and azure'],
    ['a bucket of Google', { gcs: { uri: 'gs://bucket/' } }, 'without secretRef, sources s3, gcs and azure'],
    [
      'a container of Azure',
      { azure: { account: 'mine', uri: 'az://abc/' } },
      'without secretRef, sources s3, gcs and azure',
    ],
    ['another claim', { pvcClone: { name: 'theirs' } }, 'source pvcClone copies the files of a claim'],
  ])('%s', async (_, source, words) => {
    await cluster.need(claim('theirs', ['ReadWriteOnce']))
    const { code, stderr } = await cluster.apply(modelCache('identity', from(source)), ...STAGER)
    expect(code).toBe(1)
    expect(stderr).toContain(`ReadForbidden: ${words}`)
    const allowed = await cluster.apply(modelCache('identity', from(source)), ...READER, '--dry-run=server')
    expect(allowed.code, allowed.stderr).toBe(0)
  })

  test('a claim to write to', async () => {
    await cluster.need(claim('shared', ['ReadWriteMany']))
    const storage = { backend: 'ExistingPVC', existingPVC: { name: 'shared', subPath: 'llama' } }
    const into = modelCache('into', { ...from({ inline: { files: { a: 'b' } } }), storage })
    const { code, stderr } = await cluster.apply(into, ...STAGER)
    expect(code).toBe(1)
    expect(stderr).toContain('ReadForbidden: backend ExistingPVC writes a source into a claim')
    const allowed = await cluster.apply(into, ...READER, '--dry-run=server')
    expect(allowed.code, allowed.stderr).toBe(0)
  })
})
