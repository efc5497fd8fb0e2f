import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { REASONS } from '../../src/api/reasons.ts'
import { parseDocuments } from '../../src/review/yaml-documents.ts'
import { type Cluster, newNamespace } from './support/cluster.ts'
import {
  annotations,
  claim,
  classes,
  modelCache,
  pod,
  RWO_CLASS,
  RWX_CLASS,
  readyStatus,
  soundSpec,
} from './support/objects.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const output = z.object({
  results: z.array(
    z.object({
      kind: z.string(),
      verdict: z.enum(['admitted', 'warned', 'denied']),
      findings: z.array(z.object({ reason: z.enum(Object.keys(REASONS)), message: z.string() })),
      patch: z.array(z.object({ op: z.literal('add'), path: z.string(), value: z.unknown() })),
    }),
  ),
})

let cluster: Cluster
/** No kubeconfig exists here except the one that is named. */
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'modelcache-review-'))
  cluster = await newNamespace()
  await cluster.need(...classes)
})

afterAll(() => rmSync(home, { recursive: true }))

/** `modelcache review --live` of objects, as JSON. */
async function review(objects: object[], ...flags: string[]) {
  const { kubeconfig } = inject('cluster')
  const args = ['review', '-f', '-', '-o', 'json', '-n', cluster.namespace, '--live', ...flags]
  const child = spawn(process.execPath, [MAIN, ...args, '--kubeconfig', kubeconfig], {
    env: { HOME: home, PATH: process.env.PATH },
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  child.stdin.end(objects.map(object => stringify(object)).join('---\n'))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect(stderr).toBe('')
  return { code, results: output.parse(JSON.parse(stdout)).results }
}

/** What kubectl says about an object that it applies, in the words of a review. */
async function applied(object: object) {
  const { code, stderr } = await cluster.apply(object)
  const verdict = code !== 0 ? 'denied' : /^Warning: /m.test(stderr) ? 'warned' : 'admitted'
  return { verdict, stderr }
}

/** Reviews an object, applies it, and compares the two results. */
async function expectAgreement(object: object, verdict: string, reasons: string[] = []) {
  const { code, results } = await review([object])
  const findings = results.flatMap(result => result.findings)
  expect({ verdict: results[0]?.verdict, reasons: findings.map(({ reason }) => reason) }).toEqual({
    verdict,
    reasons,
  })
  expect(code).toBe(verdict === 'denied' ? 1 : 0)
  const said = await applied(object)
  expect(said.verdict, said.stderr).toBe(verdict)
  // What the API server rejects by itself, it rejects in its own words.
  for (const reason of reasons.filter(name => name !== 'SpecInvalid'))
    expect(said.stderr).toContain(`${reason}: `)
}

const sized = (sizeGiB: number) => ({ backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB } })
const pinned = { repo: 'org/model', revision: '6f6073b423013f6a7d4d9f39144961bfbfbc386b' }
const artifact = { source: { huggingFace: pinned } }
const llama = modelCache('llama', soundSpec({ artifact }))
const container = { name: 'vllm', image: 'vllm/vllm-openai:v0.11.0', args: ['/mnt/model'] }
const template = (metadata: object) => ({
  metadata: { labels: { app: 'serve' }, ...metadata },
  spec: { containers: [container] },
})
const deployment = (name: string, metadata: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas: 0, selector: { matchLabels: { app: 'serve' } }, template: template(metadata) },
})
const gang = (name: string, leader: object, worker: object) => ({
  apiVersion: 'leaderworkerset.x-k8s.io/v1',
  kind: 'LeaderWorkerSet',
  metadata: { name },
  spec: {
    replicas: 0,
    leaderWorkerTemplate: { size: 2, leaderTemplate: template(leader), workerTemplate: template(worker) },
  },
})
const writer = {
  volumes: [{ name: 'w', persistentVolumeClaim: { claimName: 'modelcache--llama' } }],
  containers: [{ ...container, volumeMounts: [{ name: 'w', mountPath: '/w' }] }],
}

describe('a review against the cluster says what kubectl apply then says of', () => {
  const ofLlama = annotations('llama')
  test.each<[string, object, string, string[]?]>([
    ['a pod of a cache that nobody has made', pod(ofLlama), 'denied', ['CacheNotFound']],
    ['a workload of such a cache', deployment('early', ofLlama), 'warned', ['CacheNotFound']],
    ['a sound cache', llama, 'admitted'],
    ['the same cache again', llama, 'admitted'],
    [
      'the same cache, smaller',
      modelCache('llama', soundSpec({ artifact, storage: sized(100) })),
      'denied',
      ['SizeCannotShrink'],
    ],
    [
      'the same cache elsewhere',
      modelCache('llama', soundSpec({ artifact, mount: { path: '/mnt/b' } })),
      'denied',
      ['FieldImmutable'],
    ],
    [
      'a cache of two sources',
      modelCache(
        'two',
        soundSpec({ artifact: { source: { huggingFace: pinned, http: { url: 'https://example.com/x' } } } }),
      ),
      'denied',
      ['ArtifactSourceAmbiguous'],
    ],
    [
      'a cache on block volumes',
      modelCache('block', soundSpec({ storage: { pvc: { storageClassName: RWO_CLASS } } })),
      'denied',
      ['StorageClassNotRWX'],
    ],
    [
      'a cache on no class',
      modelCache('none', soundSpec({ storage: { pvc: { storageClassName: 'absent' } } })),
      'denied',
      ['StorageClassNotFound'],
    ],
    [
      'a cache with a field that does not exist',
      modelCache(
        'typo',
        soundSpec({ mountPath: '/x', artifact: { source: { http: { url: 'https://example.com/typo' } } } }),
      ),
      'denied',
      ['SpecInvalid'],
    ],
    ['a pod of a cache that is not Ready', pod(ofLlama), 'denied', ['CacheNotReady']],
    ['a workload of such a cache', deployment('waiting', ofLlama), 'warned', ['CacheNotReady']],
    ['a pod that writes to its claim', pod({ name: 'writer' }, writer), 'denied', ['ClaimWritable']],
    [
      'a pod without containers',
      { ...pod({ name: 'empty', ...ofLlama }), spec: {} },
      'denied',
      ['SpecInvalid'],
    ],
    ['a pod that asks for nothing', pod({ name: 'plain' }), 'admitted'],
    [
      'a container that nobody has',
      deployment('misnamed', annotations('llama', { 'modelplane.ai/cache-containers': 'nobody' })),
      'denied',
      ['ReferenceInvalid'],
    ],
    [
      'an annotation in the wrong place',
      { ...deployment('misplaced', {}), metadata: { name: 'misplaced', ...ofLlama } },
      'warned',
      ['AnnotationNotOnTemplate'],
    ],
  ])('%s', async (_, object, verdict, reasons) => {
    await expectAgreement(object, verdict, reasons)
  })

  test('a cache whose Secret nobody has looked for: the webhook reads none', async () => {
    const huggingFaceSource = { ...pinned, repo: 'org/gated', secretRef: { name: 'token', key: 'token' } }
    const spec = soundSpec({ artifact: { source: { huggingFace: huggingFaceSource } } })
    await expectAgreement(modelCache('gated-model', spec), 'admitted')
  })

  test('what wants a cache that is Ready, and shows what is then injected', async () => {
    await cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
    await expectAgreement(deployment('ready', ofLlama), 'admitted')
    await expectAgreement(gang('gang', ofLlama, ofLlama), 'admitted')
    await expectAgreement(gang('half', ofLlama, {}), 'warned', ['GangReferencesDiffer'])
    const [result] = (await review([pod(ofLlama)])).results
    await expectAgreement(pod(ofLlama), 'admitted')
    const stored = await cluster.get('pod/server')
    for (const { path, value } of result?.patch ?? []) expect(additionsAt(stored, path)).toContainEqual(value)
    expect(result?.patch.map(({ path }) => path)).toContain('/spec/volumes')
  })
})

/**
 * What may be at the place of an addition: the elements of the array, the end of an array that has them, or
 * the member.
 */
function additionsAt(object: unknown, path: string): unknown[] {
  const names = path
    .slice(1)
    .split('/')
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const parents = names.at(-1) === '-' ? names.slice(0, -1) : names
  const value = parents.reduce<unknown>((at, name) => Object(at)[name], object)
  // The API server adds its own volume with the token of the service account.
  return Array.isArray(value)
    ? [...value, value.filter(({ name }) => !/^kube-api-access-/.test(name))]
    : [value]
}

test('the input is laid over the cluster', async () => {
  const staged = claim('staged', ['ReadWriteMany'])
  const spec = soundSpec({
    artifact: {},
    storage: { backend: 'ExistingPVC', existingPVC: { name: 'staged' } },
  })
  const objects = [staged, modelCache('staged', spec), pod(annotations('staged'))]
  const { code, results } = await review(objects, '--assume-ready')
  expect(results.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
    'ModelCache admitted',
    'Pod admitted',
  ])
  expect(code).toBe(0)
  // Nothing was applied.
  expect((await cluster.kubectl(['get', 'pvc/staged'])).code).toBe(1)
})

test('YAML means what it means to kubectl', async () => {
  const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: scalars }
data: &data { a: yes, b: 0644, c: 12:30:45, d: 2031-01-01, e: 1_000, f: ~, g: 0x1F, h: "yes", i: off, j: 1e3, k: .5 }
binaryData: { <<: *data, a: 1.0 }
`
  const { stdout, stderr } = await cluster.kubectl(
    ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'],
    text,
  )
  const kubectl = z.object({ data: z.unknown(), binaryData: z.unknown() }).parse(JSON.parse(stdout || stderr))
  expect(parseDocuments('in.yaml', text).documents[0]?.value).toMatchObject(kubectl)
})
