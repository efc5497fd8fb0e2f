import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { annotations, classes, modelCache, pod, readyStatus, soundSpec } from './support/objects.ts'

// What a tenant with role edit may send in one dry run, as large as the API server accepts it. The webhook
// itself gives a short answer to each, and answers the next review too.
const TENANT = ['--as=tenant', '--as-group=tenants', '--as-group=system:authenticated']
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  const { code, stderr } = await cluster.kubectl([
    ...['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
  ])
  expect(code, stderr).toBe(0)
})

const ask = (object: object) =>
  cluster.kubectl([...TENANT, 'create', '--dry-run=server', '-f', '-'], JSON.stringify(object))

async function expectShortRefusal(object: object, words: RegExp): Promise<void> {
  const { code, stderr } = await ask(object)
  expect(code, stderr).toBe(1)
  expect(stderr).toMatch(words)
  // kubectl adds the object's name.
  expect(stderr.length).toBeLessThan(8_000)
  await expectAnswers()
}

async function expectAnswers(): Promise<void> {
  const { code, stderr } = await ask(pod(annotations('weights')))
  expect(code, stderr).toBe(0)
}

const inline = (files: Record<string, string>) =>
  modelCache('inline', soundSpec({ artifact: { kind: 'Bytes', source: { inline: { files } } } }))

describe('inline files with', () => {
  test.each([
    ['one name of many folders', inline({ [`${'a/'.repeat(60_000)}b`]: 'x' })],
    ['many such names', inline(Object.fromEntries([1, 2, 3].map(n => [`${'a/'.repeat(20_000)}${n}`, 'x'])))],
    ['one long name', inline({ ['n'.repeat(200_000)]: 'x' })],
  ])('%s are denied', async (_what, object) => {
    await expectShortRefusal(object, /SpecInvalid|SourceInvalid/)
  })

  test('the name __proto__ are judged as any other', async () => {
    const files = (content: string): Record<string, string> => JSON.parse(`{"__proto__":"${content}"}`)
    expect((await ask(inline(files('x')))).code).toBe(0)
    const large = Object.fromEntries([1, 2].map(n => [`f${n}`, 'x'.repeat(131_000)]))
    const both = inline(
      JSON.parse(JSON.stringify(large).replace('{', `{"__proto__":"${'x'.repeat(2_000)}",`)),
    )
    await expectShortRefusal(both, /SourceInvalid: .* more than 256 KiB/)
  })

  test('a changed content of __proto__ are FieldImmutable', async () => {
    const files = (content: string) => inline(JSON.parse(`{"__proto__":"${content}"}`))
    await cluster.need(files('before'))
    const { code, stderr } = await cluster.apply(files('after'), '--server-side', '--force-conflicts')
    expect(code).toBe(1)
    expect(stderr).toContain('FieldImmutable')
  })
})

describe('quantities', () => {
  test('of 60,000 digits cost nothing', async () => {
    const gpu = `${'9'.repeat(60_000)}e+99`
    const container = { name: 'vllm', image: 'any', resources: { limits: { 'nvidia.com/gpu': gpu } } }
    const template = { metadata: annotations('weights'), spec: { containers: [container] } }
    const gang = {
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'gang' },
      spec: { leaderWorkerTemplate: { size: 2, leaderTemplate: template, workerTemplate: template } },
    }
    const startedAt = performance.now()
    await ask(gang)
    await expectAnswers()
    // This once took 24 s. The limit is no measure of speed.
    expect(performance.now() - startedAt).toBeLessThan(20_000)
  })
})

describe('annotations', () => {
  test.each([
    ['names of containers', 'modelplane.ai/cache-containers'],
    ['names of caches', 'modelplane.ai/caches'],
    ['a value', 'modelplane.ai/not-ready'],
  ])('with 200 kB of %s are denied in short words', async (_what, key) => {
    const value = Array.from({ length: 20_000 }, (_, index) => `name${index}`).join(',')
    await expectShortRefusal(pod(annotations('weights', { [key]: value })), /ReferenceInvalid/)
  })
})

test('a pod with keys named __proto__ is given its cache, and keeps them', async () => {
  const text = JSON.stringify(
    pod(annotations('weights'), {
      containers: [{ name: 'vllm', image: 'any' }],
      volumes: [{ name: 'v', csi: { driver: 'secrets.csi.example.com', volumeAttributes: { x: '1' } } }],
    }),
  ).replace('{"x":"1"}', '{"__proto__":"1","x":"1"}')
  const { code, stdout, stderr } = await cluster.kubectl(
    [...TENANT, 'create', '--dry-run=server', '-o', 'json', '-f', '-'],
    text,
  )
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('"__proto__": "1"')
  expect(stdout).toContain('"modelplane.ai/injected": "weights=')
})

test('a workload with a key named __proto__ is judged: that webhook fails open', async () => {
  const metadata = JSON.parse('{"annotations":{"modelplane.ai/caches":"typo,,"},"labels":{"app":"x"}}')
  const volumeAttributes = JSON.parse('{"__proto__":"1"}')
  const spec = {
    containers: [{ name: 'vllm', image: 'any' }],
    volumes: [{ name: 'v', csi: { driver: 'secrets.csi.example.com', volumeAttributes } }],
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'serve' },
    spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata, spec } },
  }
  await expectShortRefusal(deployment, /ReferenceInvalid/)
})
