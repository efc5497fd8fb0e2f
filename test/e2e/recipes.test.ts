import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { WORKLOAD_KINDS } from '../../src/admission/workload/kinds.ts'
import { podTemplates } from '../../src/admission/workload/pod-templates.ts'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { looseCrd } from './support/crds.ts'
import { classes, DIGEST, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { claimMounts, storedPod } from './support/stored-pod.ts'

// Every recipe of docs/recipes.md. Operators are not here: their kinds accept anything, and the test creates
// the pods that they would create.

const PAGE = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8')

const recipe = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({}),
})
type Recipe = z.infer<typeof recipe>

const blocks = [...PAGE.matchAll(/^```yaml( values)?\n([\s\S]*?)^```$/gm)]
const recipes = blocks
  .filter(([, isValues]) => isValues === undefined)
  .map(([, , text = '']) => ({ ...recipe.parse(parse(text)), text }))
const values = blocks.filter(([, isValues]) => isValues !== undefined).map(([, , text = '']) => parse(text))

const REAL = ['', 'apps', 'batch', 'leaderworkerset.x-k8s.io']
const groupOf = ({ apiVersion }: Pick<Recipe, 'apiVersion'>) =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
const ofOperators = recipes.filter(each => !REAL.includes(groupOf(each)))

const containers = z.array(z.looseObject({ name: z.string() }))
const annotated = z.looseObject({ annotations: z.record(z.string(), z.string()) })

/** What the controller of such a kind does with what is no pod template. */
const POD_OF: Record<string, (recipe: Recipe) => object[]> = {
  InferenceService: ({ metadata, spec }) => [
    {
      metadata: annotated.parse(metadata),
      containers: z.object({ predictor: z.object({ containers }) }).parse(spec).predictor.containers,
    },
  ],
  LLMInferenceService: ({ spec }) => [
    {
      metadata: annotated.parse(spec),
      containers: z.object({ template: z.object({ containers }) }).parse(spec).template.containers,
    },
  ],
  NIMService: ({ spec }) => [
    {
      metadata: annotated.parse(spec),
      containers: [{ name: 'llama-ctr', image: 'nvcr.io/nim/nvidia/llm-nim:1.14.0', env: spec.env }],
    },
  ],
  DynamoGraphDeployment: ({ spec }) => {
    const service = z.object({
      extraPodMetadata: annotated,
      extraPodSpec: z.object({ mainContainer: z.looseObject({}) }),
    })
    const { services } = z.object({ services: z.record(z.string(), service) }).parse(spec)
    return Object.values(services).map(({ extraPodMetadata, extraPodSpec }) => ({
      metadata: extraPodMetadata,
      containers: [{ name: 'main', ...extraPodSpec.mainContainer }],
    }))
  },
}

const podShape = z.object({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  containers,
})
const templateShape = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ containers }),
})

/** The pods that an operator would create from a recipe. */
function podsOf(given: Recipe): object[] {
  const { resource = '' } =
    WORKLOAD_KINDS.find(({ kind, group }) => kind === given.kind && group === groupOf(given)) ?? {}
  const own = POD_OF[given.kind]
  const shapes =
    own === undefined
      ? podTemplates(resource, given).map(({ raw }) => {
          const { metadata, spec } = templateShape.parse(raw)
          return { metadata, spec }
        })
      : own(given).map(shape => {
          const { metadata, containers: all } = podShape.parse(shape)
          return { metadata, spec: { containers: all } }
        })
  return shapes.map(({ metadata, spec }, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      annotations: metadata.annotations,
      name: `${given.metadata.name}-${given.kind.toLowerCase()}-${index}`,
    },
    spec,
  }))
}

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  await cluster.need(pausedCache('llama', soundSpec()))
  await cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
  const crds = ofOperators.map(({ apiVersion, kind }) => {
    const [group = '', version = ''] = apiVersion.split('/')
    const { resource = '' } = WORKLOAD_KINDS.find(each => each.kind === kind && each.group === group) ?? {}
    return looseCrd(group, version, kind, resource)
  })
  await cluster.need(...crds)
  for (const { metadata } of crds)
    expect(
      (await cluster.kubectl(['wait', '--for=condition=Established', `crd/${metadata.name}`])).code,
    ).toBe(0)
})
const MOUNT = new RegExp(`^\\S+ modelcache--llama/${snapshotPath(DIGEST)} at /mnt/model$`)

/** The pods of the namespace whose names begin so. */
async function storedPods(prefix: string) {
  const { items } = z.object({ items: z.array(storedPod) }).parse(await cluster.get('pods'))
  return items.filter(({ metadata }) => metadata.name?.startsWith(prefix))
}

async function expectMounts(prefix: string, count: number): Promise<void> {
  const found = await eventually(`${count} pods of ${prefix}`, async () => {
    const pods = await storedPods(prefix)
    return pods.length >= count ? pods : undefined
  })
  for (const pod of found) {
    expect(claimMounts(pod).length, pod.metadata.name).toBeGreaterThan(0)
    for (const mount of claimMounts(pod)) expect(mount).toMatch(MOUNT)
  }
}

async function applyQuietly(text: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], text)
  expect(stderr).toBe('')
  expect(code).toBe(0)
}

/** How many pods the controllers of Kubernetes and LeaderWorkerSet create for it. */
const PODS: Record<string, number> = {
  Pod: 1,
  Deployment: 2,
  StatefulSet: 1,
  Job: 1,
  CronJob: 0,
  LeaderWorkerSet: 2,
}

describe('docs/recipes.md:', () => {
  test.each(recipes.filter(each => REAL.includes(groupOf(each))))(
    '$kind $metadata.name gets the mount',
    async ({ kind, metadata: { name }, text }) => {
      await applyQuietly(text)
      if (kind === 'CronJob') {
        expect((await cluster.kubectl(['create', 'job', `${name}-now`, `--from=cronjob/${name}`])).code).toBe(
          0,
        )
      }
      await expectMounts(name, Math.max(1, PODS[kind] ?? 0))
      await cluster.kubectl(['delete', `${kind.toLowerCase()}/${name}`, '--wait=false'])
    },
  )

  test.each(ofOperators)('$kind draws no warning, and the pods of its shape get the mount', async given => {
    await applyQuietly(given.text)
    const pods = podsOf(given)
    expect(pods.length).toBeGreaterThan(0)
    for (const pod of pods) await applyQuietly(JSON.stringify(pod))
    await expectMounts(`${given.metadata.name}-${given.kind.toLowerCase()}-`, pods.length)
  })

  test('the values for llm-d annotate the pods of both roles', () => {
    expect(values).toHaveLength(1)
    const asks = { podAnnotations: { 'modelplane.ai/caches': 'llama' } }
    expect(values[0]).toMatchObject({ decode: asks, prefill: asks })
  })
})
