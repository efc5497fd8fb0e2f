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
import type { Kubectl } from '../../testbed/kubectl.ts'
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
/** The installation leaves this one and the one above alone. */
const BARE_NAMESPACE = 'bare'
const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }

/**
 * Measures how much a webhook adds to creating a pod through a real API server. The pods come one after the
 * other, and the ways take turns in random order. ModelCache has policies and two webhooks, one that mutates
 * and one that validates. The policies and the conditions of the webhooks cost time for pods without caches,
 * too.
 */
export async function benchApiServer(rounds: number): Promise<Result[]> {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  await writeCertificate(dir)
  const settings = { webhook: { env: { NODE_OPTIONS: shippedHeap(512) } } }
  const own = started.use(await startOwnPlane({ settings }))
  const { kubectl, namespace } = own.cluster
  for (const name of [BARE_NAMESPACE, GO_NAMESPACE]) await kubectl(['create', 'namespace', name])
  await leaveAlone(kubectl, [BARE_NAMESPACE, GO_NAMESPACE])
  const go = started.use(await startServer(await buildGo(), [dir, GO_CACHES]))
  const configured = await kubectl(['create', '-f', '-'], await goConfiguration(go.origin, dir))
  if (configured.code !== 0) throw new Error(`the webhook in Go cannot be configured: ${configured.stderr}`)
  const rest = createRest(loadKubeConfig(own.controlPlane.kubeconfig))
  const ways: Way[] = [
    { name: WITHOUT, namespace: BARE_NAMESPACE, annotations: {}, isMounted: false },
    { name: PLAIN, namespace, annotations: {}, isMounted: false },
    { name: OURS, namespace, annotations: { [CACHES]: 'weights' }, isMounted: true },
    {
      name: GO,
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
  const row = { unit: 'ms', ours: OURS }
  const work = (what: string, pod: string) =>
    `what is added to the ${what} of creating a pod ${pod} through the API server`
  return [
    rowOf({
      ...{ ...row, name: 'apiserver-plain-p50-ms', work: work('p50', 'without caches') },
      figures: new Map([[OURS, added(runs, PLAIN, 0.5)]]),
    }),
    ...Object.entries({ p50: 0.5, p99: 0.99 }).map(([what, share]) =>
      rowOf({
        ...{ ...row, name: `apiserver-added-${what}-ms`, work: work(what, 'with a cache') },
        figures: new Map([OURS, GO].map(name => [name, added(runs, name, share)])),
      }),
    ),
  ]
}

const WITHOUT = 'without'
const PLAIN = 'without caches'
const GO = 'controller-runtime'

/** Has the installation leave these namespaces alone, as it does kube-system. */
async function leaveAlone(kubectl: Kubectl, namespaces: readonly string[]): Promise<void> {
  const kinds = [
    'validatingadmissionpolicies',
    'mutatingwebhookconfigurations',
    'validatingwebhookconfigurations',
  ]
  for (const kind of kinds)
    await eventually(`${kind} that leave namespaces alone`, async () => {
      const { stdout } = await kubectl(['get', kind, '-o', 'json'])
      const names = [...namespaces, 'kube-system'].map(name => `"${name}",`).join('')
      const { code } = await kubectl(['replace', '-f', '-'], stdout.replaceAll('"kube-system",', names))
      return code === 0 || undefined
    })
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
    for (const way of shuffled(ways)) {
      const began = performance.now()
      const pod = await create(rest, way)
      times.get(way.name)?.push(performance.now() - began)
      if (isMounted(pod) !== way.isMounted) throw new Error(`a pod of ${way.name} came out wrong`)
    }
  return times
}

/**
 * What controllers do about one pod delays the next one, so no way may always come after the same other one.
 */
function shuffled<T>(items: readonly T[]): T[] {
  const keyed = items.map(item => ({ item, key: Math.random() }))
  return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item)
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

/** Milliseconds that a way adds to one without webhooks and policies, in each round. */
function added(runs: ReadonlyMap<string, readonly number[][]>, name: string, share: number): number[] {
  const at = (way: string) => (runs.get(way) ?? []).map(sorted => quantile(sorted, share))
  const without = at(WITHOUT)
  return at(name).map((ms, round) => ms - (without[round] ?? 0))
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
