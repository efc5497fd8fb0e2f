import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { aPolicy, aRequest, aView } from '../../src/admission/fixtures.ts'
import { mutatePod } from '../../src/admission/pod/mutate.ts'
import { validatePod } from '../../src/admission/pod/validate.ts'
import type { Pod } from '../../src/api/kubernetes/pod.ts'
import { modelCache as modelCacheSchema } from '../../src/api/modelcache.ts'
import { applied } from '../../src/injection/fixtures.ts'
import { acceptablePods } from './support/acceptable-pods.ts'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { classes, pausedCache, readyStatus, soundSpec } from './support/objects.ts'

// Unit tests apply patches with fast-json-patch. Here the API server applies the same patches, and the
// results agree.
const SAMPLE = 40
const SEED = 1
const READY = { llama: '/mnt/model', tokenizer: '/mnt/tokenizer', adapters: '/models/a' }
const WAITING = 'late'

let cluster: Cluster
/** Pods that should get their caches, both as users write them and as our own patch leaves them. */
let sample: { pod: object; paths: string[]; patched: unknown }[]

beforeAll(async () => {
  cluster = await newNamespace()
  const spec = (path: string) => soundSpec({ mount: { path } })
  const caches = Object.entries(READY).map(([name, path]) => pausedCache(name, spec(path)))
  await cluster.need(...classes, ...caches, pausedCache(WAITING, spec('/mnt/late')))
  for (const name of Object.keys(READY))
    await cluster.setStatus(`modelcache/${name}`, readyStatus(`modelcache--${name}`))
  sample = await injectable()
})

/** The first pods of the generator that our own rules admit and that get something. */
async function injectable() {
  const { items } = z.object({ items: z.array(modelCacheSchema) }).parse(await cluster.get('modelcaches'))
  const view = aView({ caches: items })
  const request = (object: unknown) => aRequest({ namespace: cluster.namespace, object })
  const candidates = fc.sample(acceptablePods(Object.keys(READY), WAITING), {
    seed: SEED,
    numRuns: SAMPLE * 10,
  })
  return candidates
    .flatMap((candidate, index) => {
      const pod = named(candidate, `sample-${index}`)
      const decision = mutatePod(request(pod), view)
      if (!decision.allowed) return []
      const patched = applied(pod, decision.patch)
      if (!validatePod(request(patched), view, aPolicy()).allowed) return []
      return [{ pod, paths: decision.patch.map(({ path }) => path), patched }]
    })
    .slice(0, SAMPLE)
}

/** With a name, and without the token that the API server mounts under a generated name. */
function named({ metadata, spec }: Pod, name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name },
    spec: { ...spec, automountServiceAccountToken: false },
  }
}

/**
 * The webhook does not watch this namespace, so what comes back has the API server's defaults and nothing of
 * ours.
 */
const UNTOUCHED = 'kube-system'

test('the sample has patches of every shape', () => {
  expect(sample).toHaveLength(SAMPLE)
  const shapes = new Set(
    sample.flatMap(({ paths }) => paths.map(path => path.replaceAll(/\/\d+(?=\/)/g, '/N'))),
  )
  for (const shape of [
    '/spec/volumes',
    '/spec/volumes/-',
    '/spec/containers/N/volumeMounts',
    '/spec/containers/N/volumeMounts/-',
    '/spec/initContainers/N/volumeMounts',
    '/spec/containers/N/env',
    '/spec/schedulingGates',
    '/metadata/labels',
    '/metadata/labels/modelplane.ai~1cache-consumer',
    '/metadata/annotations/modelplane.ai~1injected',
  ])
    expect(shapes).toContain(shape)
})

test('what the API server makes of each pod is what fast-json-patch makes of it, with defaults', async () => {
  const mutated = await create(
    cluster.namespace,
    sample.map(({ pod }) => pod),
  )
  const patched = await create(
    UNTOUCHED,
    sample.map(({ patched }) => patched),
  )
  expect(mutated).toHaveLength(SAMPLE)
  expect(mutated).toEqual(patched)
})

test('and each comes back unchanged when it is admitted once more', async () => {
  const once = await create(
    UNTOUCHED,
    sample.map(({ patched }) => patched),
  )
  const twice = await create(
    cluster.namespace,
    sample.map(({ patched }) => patched),
  )
  expect(twice).toEqual(once)
})

const admitted = z.looseObject({ metadata: z.looseObject({ name: z.string() }) })

/**
 * The pods as the API server would store them, without what it adds to every object. Fails if it rejects one.
 */
async function create(namespace: string, pods: unknown[]) {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods })
  const args = ['create', '--namespace', namespace, '--dry-run=server', '--output', 'yaml', '--filename', '-']
  const { code, stdout, stderr } = await cluster.kubectl(args, list)
  expect(code, stderr).toBe(0)
  return parseAllDocuments(stdout).map(document => {
    const { metadata, status: _status, ...pod } = admitted.parse(document.toJS())
    const { uid: _uid, creationTimestamp: _created, namespace: _namespace, ...rest } = metadata
    return { ...pod, metadata: rest }
  })
}
