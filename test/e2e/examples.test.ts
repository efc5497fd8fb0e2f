import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { REASONS } from '../../src/api/reasons.ts'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { casesOfGallery, filesOfGallery, GALLERY } from './support/example-files.ts'
import { expectAccepted, expectAnnounced } from './support/expect-announced.ts'
import { reviewLive } from './support/live-review.ts'
import { DIGEST, readyStatus } from './support/objects.ts'
import { claimMounts, storedPod } from './support/stored-pod.ts'

const all = casesOfGallery()
const within = (folder: string) => all.filter(({ path }) => path.startsWith(`${folder}/`))
const good = all.filter(({ path }) => !path.includes('/'))

/**
 * A manifest cannot show this: it takes a fault, other clusters, another webhook, more lines than anybody
 * reads, or a client that the API server rejects first.
 */
const WITHOUT_EXAMPLE = [
  'AcceleratorsExceedNode',
  'ClaimHeld',
  'ClaimProtected',
  'ControllerLimited',
  'DeploymentForbidden',
  'HydrationProtected',
  'InjectionMissing',
  'InternalError',
  'KindNotJudged',
  'LocalClusterTaken',
  'NameReserved',
  'NoClusterSelected',
  'ReadForbidden',
  'RecordProtected',
  'ReferenceRenamed',
  'SelectorTooLong',
  'SpecInvalid',
]

const mounted = (container: string, cache: string, path: string) =>
  `${container} modelcache--${cache}/${snapshotPath(DIGEST)} at ${path}`
const weights = (container: string, cache = 'qwen-2-5-7b') => mounted(container, cache, '/mnt/model')

/** Pods of some cases wait at their gate, if they are created before their caches are Ready. */
const ANY_SNAPSHOT = /snapshots\/(\$\(\w+\)|sha256-[0-9a-f]{64})/
const atAnyTime = (line: string) => line.replace(ANY_SNAPSHOT, 'snapshots/…')

/** How many pods a case has once its caches are Ready, and how many mounts each kind of pod has. */
const PODS: Record<string, { pods: number; mounts: string[][] }> = {
  'chosen-containers': { pods: 1, mounts: [[weights('check'), weights('vllm')]] },
  'config-map': {
    pods: 1,
    mounts: [[weights('vllm'), mounted('vllm', 'generation-config', '/mnt/generation')]],
  },
  'deployment-existing-claim': {
    pods: 2,
    mounts: [
      [
        'engine qwen-share/qwen-2.5-7b-tuned at /mnt/model',
        mounted('engine', 'qwen-tokenizer', '/mnt/tokenizer'),
      ],
    ],
  },
  // A gang that wants a rack for itself has no workers before its leader has a node.
  'deployment-gang': { pods: 2, mounts: [[weights('engine', 'deepseek-v3')]] },
  'deployment-nim': {
    pods: 1,
    mounts: [[mounted('engine', 'nim-llama-3-1-70b', '/model-store')]],
  },
  'existing-pvc': { pods: 1, mounts: [['bench llama-weights/llama-3.3-70b-instruct at /mnt/model']] },
  http: { pods: 3, mounts: [[weights('server', 'qwen-2-5-7b-gguf')]] },
  'inline-chat-template': {
    pods: 1,
    mounts: [[weights('vllm'), mounted('vllm', 'chat-template', '/mnt/chat')]],
  },
  'lora-ready-bytes': {
    pods: 1,
    mounts: [[weights('vllm'), mounted('vllm', 'lora-adapters-v3', '/mnt/lora')]],
  },
  'model-deployment': { pods: 2, mounts: [[weights('engine', 'qwen-3-32b')]] },
  'multi-node-gang': {
    pods: 6,
    mounts: [[weights('vllm-leader', 'llama-3-3-70b')], [weights('vllm-worker', 'llama-3-3-70b')]],
  },
  'nim-cache-folder': { pods: 1, mounts: [['nim nim-model-store/llama-3.1-8b-instruct at /model-store']] },
  oci: { pods: 1, mounts: [[weights('vllm', 'qwen-3-8b')]] },
  'quick-start': { pods: 1, mounts: [[weights('main', 'smollm2')]] },
  s3: { pods: 1, mounts: [[weights('vllm', 'qwen-2-5-72b')]] },
  'shared-claim': {
    pods: 1,
    mounts: [[`vllm models/qwen-7b/${snapshotPath(DIGEST)} at /mnt/model`]],
  },
  sglang: { pods: 1, mounts: [[weights('sglang', 'qwen-2-5-72b')]] },
  'text-generation-inference': { pods: 2, mounts: [[weights('tgi', 'mistral-7b-tgi')]] },
  'tokenizer-beside-weights': {
    pods: 2,
    mounts: [[weights('vllm'), mounted('vllm', 'custom-tokenizer', '/mnt/tokenizer')]],
  },
  weights: { pods: 2, mounts: [[weights('vllm', 'llama-3-3-70b')]] },
  'urls-and-archive': {
    pods: 2,
    mounts: [[weights('server', 'phi-4-gguf'), mounted('server', 'phi-4-draft', '/mnt/draft')]],
  },
}

const GATED = 'gated-start'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  const { code, stderr } = await cluster.kubectl(['apply', '-f', `${GALLERY}storage`])
  expect(code, stderr).toBe(0)
})

// One InferenceCluster counts for the whole cluster, so it must not outlive its case.
afterEach(() => cluster.kubectl(['delete', 'inferenceclusters', '--all', '--wait=false']))

describe('examples/', () => {
  test('has no file that is not of a case, and its table of contents names every folder', () => {
    const members = all.flatMap(({ files }) => files.map(({ path }) => path))
    expect(filesOfGallery().filter(path => !members.includes(path))).toEqual(['README.md'])
    const contents = readFileSync(`${GALLERY}README.md`, 'utf8')
    const folders = new Set(all.map(({ path }) => path.split('/')[0]))
    expect([...folders].filter(folder => !contents.includes(`](${folder}/)`))).toEqual([])
  })

  test('has an example of every reason that a manifest can meet', () => {
    const shown = new Set(
      all.flatMap(({ files }) => files.flatMap(({ announces }) => announces?.reason ?? [])),
    )
    expect(
      Object.keys(REASONS)
        .filter(reason => !shown.has(reason))
        .toSorted(),
    ).toEqual(WITHOUT_EXAMPLE)
  })

  test.each(good)('$path is accepted in one go', async ({ path, files }) => {
    const announced = files.flatMap(({ announces }) => announces?.reason ?? [])
    const namespace = await newNamespace()
    const text = files.map(file => readFileSync(GALLERY + file.path, 'utf8')).join('\n---\n')
    for (const assumeReady of [false, true]) {
      const results = await reviewLive(path, text, namespace.namespace, { assumeReady })
      const reasons = results.flatMap(({ findings }) => findings.map(({ reason }) => reason))
      expect([...new Set(reasons)].filter(reason => assumeReady || reason !== 'CacheNotReady')).toEqual(
        announced,
      )
    }
    const applied = await namespace.kubectl(['apply', '-f', GALLERY + path])
    if (announced.length === 0) expectAccepted(applied)
    else expect(applied.stderr).toContain(`Warning: ${announced[0]}: `)
    if (path === GATED) return
    await makeCachesReady(namespace)
    const { pods, mounts } = PODS[path] ?? { pods: 0, mounts: [] }
    const found = await eventually(`${pods} pods`, async () => {
      const items = await podsOf(namespace)
      return items.length === pods ? items : undefined
    })
    const asText = (lines: readonly string[]) => JSON.stringify(lines.map(atAnyTime))
    const given = new Set(found.map(pod => asText(claimMounts(pod))))
    expect([...given].toSorted()).toEqual(mounts.map(asText).toSorted())
  })

  test('gated-start has its pods while the cache is not Ready, each of them waiting', async () => {
    const namespace = await newNamespace()
    expectAccepted(await namespace.kubectl(['apply', '-f', GALLERY + GATED]))
    const found = await eventually('leader and worker', async () => {
      const items = await podsOf(namespace)
      return items.length === 2 ? items : undefined
    })
    for (const { spec } of found)
      expect(spec.schedulingGates).toEqual([{ name: 'modelplane.ai/cache-ready' }])
  })
})

describe('examples/denied/', () => {
  test.each(within('denied'))('$path is denied, in the words that it quotes', async example => {
    await expectAnnounced(example, 'Denied')
  })
})

describe('examples/warned/', () => {
  test.each(within('warned'))('$path is let through with the warning that it quotes', async example => {
    await expectAnnounced(example, 'Warns')
  })
})

const caches = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        artifact: z.object({ source: z.unknown().optional() }),
        storage: z.object({
          backend: z.string(),
          existingPVC: z.object({ name: z.string() }).optional(),
        }),
      }),
    }),
  ),
})

/**
 * Sets what the controller will set when their snapshots are complete. Caches over existing claims become
 * Ready by themselves.
 */
async function makeCachesReady(namespace: Cluster): Promise<void> {
  const { items } = caches.parse(await namespace.get('modelcaches'))
  for (const { metadata, spec } of items) {
    const { backend, existingPVC } = spec.storage
    if (backend !== 'PVC' && spec.artifact.source === undefined) continue
    const claim = existingPVC?.name ?? `modelcache--${metadata.name}`
    await namespace.setStatus(`modelcache/${metadata.name}`, readyStatus(claim))
  }
}

/** The pods of the example, except those that stage its caches. */
async function podsOf(namespace: Cluster) {
  const { items } = z.object({ items: z.array(storedPod) }).parse(await namespace.get('pods'))
  return items.filter(({ metadata }) => !metadata.name?.startsWith('modelcache--'))
}
