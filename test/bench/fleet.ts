import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { issueCA } from '../../src/certs/issue.ts'
import { KINDS } from '../../src/cluster/kinds.ts'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { collectionPath } from '../../src/kube/resource.ts'
import { createRest, type Rest } from '../../src/kube/rest.ts'
import { audited, requestsOf } from '../e2e/support/audit-log.ts'
import { startHub } from '../e2e/support/hub.ts'
import { modelCache, RWX_CLASS, soundSpec } from '../e2e/support/objects.ts'
import { startOwnPlane } from '../e2e/support/own-plane.ts'
import { issueServing } from '../testbed/pki.ts'
import { shippedHeap } from '../testbed/shipped-heap.ts'
import { inParallel } from './in-parallel.ts'
import { type MemberServer, startMemberServer } from './member-server.ts'
import { memoryOf } from './memory-of.ts'
import { type Result, rowOf } from './results.ts'

const MEMBERS = 50
const CACHES = 1_000
const NAMESPACES = 20
const REST_MS = 60_000
const POLL_MS = 500
const SYSTEM = 'modelcache-system'
const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }
const SECRETS = { apiVersion: 'v1', plural: 'secrets' }

const list = z.object({
  items: z.array(z.object({ status: z.object({ replicas: z.string().optional() }).optional() })),
})

const clusters = z.object({
  items: z.array(
    z.object({
      status: z
        .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() })
        .optional(),
    }),
  ),
})

/** As in manifests/components/hub/hub.yaml: 60 % of 1 GiB. */
const AS_SHIPPED = { NODE_OPTIONS: shippedHeap(1024) }

function isReady({ status }: z.infer<typeof clusters>['items'][number]): boolean {
  return status?.conditions?.some(({ type, status: held }) => type === 'Ready' && held === 'True') === true
}

/**
 * A hub with fifty clusters and a thousand ModelCaches that go to all of them. The hub and its control plane
 * are real, and the other clusters are stand-ins, because fifty API servers do not fit here.
 */
export async function benchFleet(): Promise<Result[]> {
  await using started = new AsyncDisposableStack()
  const own = started.use(await startOwnPlane({ apiserverFlags: audited }))
  const hub = started.use(await startHub(own, [], AS_SHIPPED))
  const rest = createRest(loadKubeConfig(own.controlPlane.kubeconfig))
  const ca = await issueCA({ commonName: 'bench', days: 1 })
  const leaf = await issueServing(ca, [])
  const members: MemberServer[] = []
  for (let index = 0; index < MEMBERS; index++) {
    const member = started.use(
      await startMemberServer(`member-${index}`, { key: leaf.keyPem, cert: leaf.certPem }),
    )
    members.push(member)
    await register(rest, `member-${index}`, { server: member.url, ca: ca.certPem })
  }
  await inParallel(NAMESPACES, index =>
    rest.create(collectionPath(KINDS.Namespace), { metadata: { name: `team-${index}` } }, WRITE),
  )
  await when('all clusters', async () => {
    const { items } = clusters.parse(await rest.get(collectionPath(KINDS.InferenceCluster)))
    return items.filter(isReady).length >= MEMBERS
  })

  const from = Date.now()
  const spec = soundSpec({
    clusterSelector: {},
    storage: { pvc: { storageClassName: RWX_CLASS, sizeGiB: 200 } },
  })
  await inParallel(CACHES, index =>
    rest.create(
      collectionPath(KINDS.ModelCache, `team-${index % NAMESPACES}`),
      modelCache(`cache-${index}`, spec),
      WRITE,
    ),
  )
  console.log(`created in ${seconds(Date.now() - from)} s`)
  const total = (count: (member: MemberServer) => number) =>
    members.reduce((sum, each) => sum + count(each), 0)
  const copied = await when('copies', async () => total(each => each.counts().copies) >= MEMBERS * CACHES)
  const told = await when('the status of all', async () => {
    const { items } = list.parse(
      await rest.get(collectionPath(KINDS.ModelCache), { maxBytes: 256 * 1024 * 1024 }),
    )
    return items.filter(({ status }) => status?.replicas === `${MEMBERS}/${MEMBERS}`).length >= CACHES
  })
  const calls = total(each => each.requests())
  await pause(REST_MS)
  const rested = Date.now()
  const before = total(each => each.requests())
  await pause(REST_MS)
  const atMembers = total(each => each.requests()) - before
  const atHub = await requestsOf('hub', { dir: own.dir, from: rested, to: Date.now() })
  const idle = await memoryOf(hub)

  const what = `${MEMBERS} clusters, ${CACHES} caches that go to all of them`
  const row = (name: string, work: string, unit: string, figure: number) =>
    rowOf({
      name,
      work: `${work}, ${what}`,
      unit,
      ours: 'modelcache hub',
      figures: new Map([['modelcache hub', [figure]]]),
    })
  return [
    row('hub-copies', 'until the last cluster has the last copy', 's', seconds(copied - from)),
    row('hub-status', 'until every status says that all have it', 's', seconds(told - from)),
    row('hub-calls', 'calls to a cluster for each copy', 'calls', calls / (MEMBERS * CACHES)),
    row('hub-memory', 'peak memory (RSS)', 'MiB', idle.peak),
    row('hub-memory-idle', 'memory (RSS) at rest', 'MiB', idle.rss),
    row('hub-at-rest', 'calls in a minute at rest, to each cluster', 'calls', atMembers / MEMBERS),
    row('hub-at-rest-own', 'calls in a minute at rest, to its own API server', 'calls', atHub.length),
  ]
}

async function register(
  rest: Rest,
  name: string,
  { server, ca }: { server: string; ca: string },
): Promise<void> {
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: 'none' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  await rest.create(
    collectionPath(SECRETS, SYSTEM),
    { metadata: { name }, stringData: { kubeconfig } },
    WRITE,
  )
  await rest.create(
    collectionPath(KINDS.InferenceCluster),
    {
      apiVersion: KINDS.InferenceCluster.apiVersion,
      kind: 'InferenceCluster',
      metadata: { name },
      spec: { cluster: { source: 'Existing', existing: { secretRef: { name } } } },
    },
    WRITE,
  )
}

async function when(what: string, holds: () => Promise<boolean>): Promise<number> {
  while (!(await holds())) await pause(POLL_MS)
  console.log(`${what}: ${new Date().toISOString()}`)
  return Date.now()
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}
