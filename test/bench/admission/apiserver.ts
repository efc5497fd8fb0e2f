import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CACHES } from '../../../src/api/names.ts'
import { KINDS } from '../../../src/cluster/kinds.ts'
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts'
import { collectionPath } from '../../../src/kube/resource.ts'
import { createRest, type Rest } from '../../../src/kube/rest.ts'
import { eventually } from '../../e2e/support/cluster.ts'
import { startOwnPlane } from '../../e2e/support/own-plane.ts'
import { shippedHeap } from '../../testbed/shipped-heap.ts'
import { READY } from '../cluster.ts'
import { type Result, rowOf } from '../results.ts'
import { leaderPod } from '../subjects.ts'
import { quantile } from '../timed-rounds.ts'
import { writeCertificate } from './certificate.ts'
import { startServer } from './server.ts'
import { buildGo, OURS } from './subjects.ts'

const PODS = 300
const WARM_UP = 100
/** The annotation for the webhook in Go, so that the API server sends each pod to one of the two. */
const GO_CACHES = 'bench.modelplane.ai/caches'
const GO_NAMESPACE = 'team-0'
const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }

/**
 * Measures how much a webhook adds to creating a pod through a real API server. The pods come one after the
 * other, and the three ways take turns. ModelCache has two webhooks, one that mutates and one that validates.
 */
export async function benchApiServer(rounds: number): Promise<Result[]> {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  await writeCertificate(dir)
  const settings = { webhook: { env: { NODE_OPTIONS: shippedHeap(512) } } }
  const own = started.use(await startOwnPlane({ settings }))
  const { kubectl, namespace } = own.cluster
  await kubectl(['create', 'namespace', GO_NAMESPACE])
  const go = started.use(await startServer(await buildGo(), [dir, GO_CACHES]))
  const configured = await kubectl(['create', '-f', '-'], await goConfiguration(go.origin, dir))
  if (configured.code !== 0) throw new Error(`the webhook in Go cannot be configured: ${configured.stderr}`)
  const rest = createRest(loadKubeConfig(own.controlPlane.kubeconfig))
  const ways: Way[] = [
    { name: 'without', namespace, annotations: {}, isMounted: false },
    { name: OURS, namespace, annotations: { [CACHES]: 'weights' }, isMounted: true },
    {
      name: 'controller-runtime',
      namespace: GO_NAMESPACE,
      annotations: { [GO_CACHES]: READY },
      isMounted: true,
    },
  ]
  for (const way of ways)
    await eventually(
      `pods of ${way.name}`,
      async () => isMounted(await create(rest, way)) === way.isMounted || undefined,
    )
  const runs = new Map(ways.map(({ name }): [string, number[][]] => [name, []]))
  for (let round = -1; round < rounds; round++) {
    const times = await creates(rest, ways, round < 0 ? WARM_UP : PODS)
    if (round < 0) continue
    for (const [name, all] of times) runs.get(name)?.push(all.toSorted((one, other) => one - other))
  }
  return [0.5, 0.99].map(share => added(runs, share))
}

interface Way {
  name: string
  namespace: string
  annotations: Record<string, string>
  isMounted: boolean
}

/** Milliseconds of each create, in turn. */
async function creates(rest: Rest, ways: readonly Way[], count: number): Promise<Map<string, number[]>> {
  const times = new Map(ways.map(({ name }): [string, number[]] => [name, []]))
  for (let number = 0; number < count; number++)
    for (const way of ways) {
      const began = performance.now()
      const pod = await create(rest, way)
      times.get(way.name)?.push(performance.now() - began)
      if (isMounted(pod) !== way.isMounted) throw new Error(`a pod of ${way.name} came out wrong`)
    }
  return times
}

let pods = 0

async function create(rest: Rest, { namespace, annotations }: Way): Promise<unknown> {
  const { metadata, ...pod } = leaderPod('')
  const named = { ...metadata, name: `bench-${pods++}`, namespace, annotations }
  return rest.create(collectionPath(KINDS.Pod, namespace), { ...pod, metadata: named }, WRITE)
}

function isMounted(pod: unknown): boolean {
  return JSON.stringify(pod).includes('"persistentVolumeClaim"')
}

function added(runs: ReadonlyMap<string, readonly number[][]>, share: number): Result {
  const at = (name: string) => (runs.get(name) ?? []).map(sorted => quantile(sorted, share))
  const without = at('without')
  const figures = [OURS, 'controller-runtime'].map((name): [string, number[]] => [
    name,
    at(name).map((ms, round) => ms - (without[round] ?? 0)),
  ])
  const what = share === 0.5 ? 'p50' : 'p99'
  return rowOf({
    name: `apiserver-added-${what}-ms`,
    work: `what a webhook adds to the ${what} of creating a pod through the API server`,
    unit: 'ms',
    ours: OURS,
    figures: new Map(figures),
  })
}

async function goConfiguration(origin: string, dir: string): Promise<string> {
  const caBundle = (await readFile(join(dir, 'ca.crt'))).toString('base64')
  const webhook = {
    name: 'pods.bench.modelplane.ai',
    clientConfig: { url: `${origin.replace('127.0.0.1', 'localhost')}/mutate-pods`, caBundle },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    matchConditions: [
      {
        name: 'asks-for-a-cache',
        expression: `has(object.metadata.annotations) && '${GO_CACHES}' in object.metadata.annotations`,
      },
    ],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
  }
  return JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'bench' },
    webhooks: [webhook],
  })
}
