import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { startTcpProxy, type TcpProxy } from '../../testbed/tcp-proxy.ts'
import { type Cluster, eventually, namespaceOf } from './cluster.ts'
import { startHub } from './hub.ts'
import { type OwnPlane, startOwnPlane } from './own-plane.ts'

const SYSTEM = 'modelcache-system'
const ACCOUNT = 'modelcache-hub-remote'

const adminConfig = z.object({
  clusters: z.tuple([z.object({ cluster: z.record(z.string(), z.unknown()) })]),
})

/** A cluster that is registered at a hub, and the line between both. */
export interface FleetMember {
  name: string
  plane: OwnPlane
  line: TcpProxy
  /** The namespace of the test there. */
  cluster: Cluster
  /** Its kubeconfig for the hub. */
  kubeconfig: string
}

/** A hub with members, each a control plane with the product, and a namespace that all of them have. */
export interface Fleet extends AsyncDisposable {
  plane: OwnPlane
  cluster: Cluster
  members: readonly FleetMember[]
  /** Ends the hub, and starts it again. */
  stopHub(): Promise<void>
  startHub(): Promise<void>
  /** Has the hub reach a cluster by another kubeconfig. */
  rewire(name: string, kubeconfig: string): Promise<void>
}

/**
 * Starts one. `labels` are those of the InferenceClusters, by name; the hub reaches them by `source:
 * Existing`. `options` are more of the hub's.
 */
export async function startFleet(
  labels: Readonly<Record<string, Record<string, string>>>,
  ...options: string[]
): Promise<Fleet> {
  await using started = new AsyncDisposableStack()
  const plane = started.use(await startOwnPlane())
  const cluster = await namespaceOf(plane.kubectl)
  const hub = started.use(await startHub(plane, ['--replicate-secrets', ...options]))
  const members: FleetMember[] = []
  for (const [name, wanted] of Object.entries(labels)) {
    const member = started.use(await startOwnPlane())
    const line = started.use(await startTcpProxy(Number(new URL(member.controlPlane.server).port)))
    const kubeconfig = await register(plane, { name, labels: wanted, member, line })
    const there = await namespaceOf(member.kubectl, cluster.namespace)
    members.push({ name, plane: member, line, cluster: there, kubeconfig })
  }
  await Promise.all(members.map(({ name }) => untilReady(plane, name)))
  const running = started.move()
  return {
    ...{ plane, cluster, members },
    stopHub: hub.stop,
    startHub: hub.start,
    async rewire(name, kubeconfig) {
      await need(plane, secretFor(name, kubeconfig))
      // The hub looks again at once.
      await plane.kubectl(['annotate', `inferencecluster/${name}`, `look=${Math.random()}`, '--overwrite'])
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function register(
  hub: OwnPlane,
  {
    name,
    labels,
    member,
    line,
  }: { name: string; labels: Record<string, string>; member: OwnPlane; line: TcpProxy },
): Promise<string> {
  const admin = adminConfig.parse(parse(await readFile(member.controlPlane.kubeconfig, 'utf8')))
  await need(
    member,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace: SYSTEM } },
    ...['', '-secrets', '-namespaces']
      .map(role => `modelcache-member${role}`)
      .map(name => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `hub-${name}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: SYSTEM }],
      })),
  )
  const { stdout } = await member.kubectl(['-n', SYSTEM, 'create', 'token', ACCOUNT, '--duration=4h'])
  const access = { ...admin.clusters[0].cluster, server: `https://127.0.0.1:${line.port}` }
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: access }],
    users: [{ name: 'u', user: { token: stdout.trim() } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  await need(hub, secretFor(name, kubeconfig), {
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'InferenceCluster',
    metadata: { name, labels },
    spec: {
      cluster: { source: 'Existing', existing: { secretRef: { name: secretFor(name, '').metadata.name } } },
    },
  })
  return kubeconfig
}

function secretFor(cluster: string, kubeconfig: string) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `member-${cluster}`, namespace: SYSTEM },
    stringData: { kubeconfig },
  }
}

async function need(plane: OwnPlane, ...objects: object[]): Promise<void> {
  const text = objects.map(object => JSON.stringify(object)).join('\n---\n')
  const { code, stderr } = await plane.kubectl(['apply', '-f', '-'], text)
  if (code !== 0) throw new Error(stderr)
}

function untilReady(plane: OwnPlane, name: string): Promise<true> {
  return eventually(`InferenceCluster ${name} to be Ready`, async () => {
    const path = '{.status.conditions[?(@.type=="Ready")].status}'
    const { stdout } = await plane.kubectl(['get', `inferencecluster/${name}`, '-o', `jsonpath=${path}`])
    return stdout === 'True' || undefined
  })
}
