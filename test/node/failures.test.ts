import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubectl, NO_NODE, newNamespace, nodeFolder, sandbox } from './support/cluster.ts'

// Each failure is what a kubelet, a scheduler, a kernel or a network says of itself.

const SLOW = 256 * 2 ** 10

const stored = z.looseObject({
  status: z
    .looseObject({
      bytesStaged: z.number().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), reason: z.string(), message: z.string() }))
        .optional(),
    })
    .optional(),
})

describe.skipIf(NO_NODE)('what keeps a cache from being staged is a reason in status', () => {
  let cluster: Cluster
  let sources: Sources
  beforeAll(async () => {
    cluster = await newNamespace()
    sources = await startSources(sandbox(), { port: 7_780, bytesPerSecond: SLOW, shards: 2, shardMiB: 24 })
  }, 120_000)
  afterAll(async () => {
    // Pods of the slow source would go on for long, and one of high priority leaves no room for others.
    await cluster?.kubectl(['delete', 'modelcaches,pods', '--all', '--wait=false'])
    await sources?.[Symbol.asyncDispose]()
  })

  const storage = (storageClassName = SHARED_CLASS) => ({ pvc: { storageClassName, sizeGiB: 1 } })
  const http = (url: string) => ({ artifact: { kind: 'Bytes', source: { http: { url } } } })
  const slow = () => ({
    artifact: { source: { huggingFace: { repo: 'example/model', endpoint: sources.hub } } },
    hydration: { connections: 1 },
  })
  const need = (name: string, spec: object) =>
    cluster.need(modelCache(name, { mount: { path: '/mnt/model' }, storage: storage(), ...spec }))

  /** The message, once the reason is this. */
  const because = (name: string, reason: string) =>
    eventually(`${name} to say ${reason}`, async () => {
      const { status } = stored.parse(await cluster.get(`modelcache/${name}`))
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')
      return ready?.reason === reason ? ready.message : undefined
    })
  /** Its pod has begun to fetch, so it hears signals. */
  const untilFetching = (name: string) =>
    eventually(`bytes of ${name}`, async () => {
      const { status } = stored.parse(await cluster.get(`modelcache/${name}`))
      return (status?.bytesStaged ?? 0) > 0 || undefined
    })

  test.each<[what: string, name: string, reason: string, url: () => string, words: RegExp]>([
    [
      'a host that nobody knows',
      'dns',
      'SourceUnavailable',
      () => 'http://models.example.com/a.gguf',
      /DNS|name/,
    ],
    [
      'a port that nobody serves',
      'refused',
      'SourceUnavailable',
      () => 'http://127.0.0.1:9/a.gguf',
      /refused/,
    ],
    [
      'a CA that nobody knows',
      'tls',
      'SourceUnavailable',
      () => 'https://10.96.0.1/a.gguf',
      /certificate|CA/,
    ],
    ['a source that has had enough', 'busy', 'RateLimited', () => `${sources.web}/busy`, /429|requests/],
  ])('%s', async (_, name, reason, url, words) => {
    await need(name, http(url()))
    expect(await because(name, reason)).toMatch(words)
  })

  test('too little memory', async () => {
    await need('memory', {
      ...slow(),
      hydration: { connections: 1, resources: { limits: { memory: '24Mi' } } },
    })
    expect(await because('memory', 'OOMKilled')).toContain('spec.hydration.resources.limits.memory')
  })

  test('no node that it may run on', async () => {
    await need('nowhere', { ...slow(), hydration: { connections: 1, nodeSelector: { disk: 'none' } } })
    expect(await because('nowhere', 'PodUnschedulable')).toContain('see spec.hydration')
  })

  test('a volume that the node cannot mount', async () => {
    const name = `${cluster.namespace}-gone`
    const metadata = { name, annotations: { 'modelplane.ai/access-modes': 'ReadWriteMany' } }
    const provisioner = 'kubernetes.io/no-provisioner'
    await cluster.need(
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata, provisioner },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name },
        spec: {
          storageClassName: name,
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteMany'],
          hostPath: { path: nodeFolder('volumes-of-tests/not-there'), type: 'Directory' },
        },
      },
    )
    await need('unmounted', { ...slow(), storage: storage(name) })
    expect(await because('unmounted', 'MountFailed')).toContain('not-there')
  })

  test('kubelet evicts the pod', async () => {
    await need('evicted', {
      ...slow(),
      hydration: { connections: 1, resources: { limits: { 'ephemeral-storage': '1' } } },
    })
    expect(await because('evicted', 'Evicted')).toContain('ephemeral')
  })

  test('somebody else sets a deadline', async () => {
    await need('late', slow())
    await untilFetching('late')
    const patch = JSON.stringify({ spec: { activeDeadlineSeconds: 1 } })
    const { code, stderr } = await cluster.kubectl([
      'patch',
      'job/modelcache--late',
      '--type=merge',
      '-p',
      patch,
    ])
    expect(code, stderr).toBe(0)
    expect(await because('late', 'DeadlineExceeded')).toContain('activeDeadlineSeconds')
  })

  test('a pod of higher priority takes its place', async () => {
    const high = `${cluster.namespace}-high`
    await cluster.need({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: high },
      value: 1_000_000,
    })
    const { stdout } = await kubectl(['get', 'node/node1', '-o', 'jsonpath={.status.allocatable.cpu}'])
    // More than half of the node, so that it has no room for both.
    const cpu = `${Math.floor(Number(stdout) * 550)}m`
    await need('preempted', { ...slow(), hydration: { connections: 1, resources: { requests: { cpu } } } })
    await untilFetching('preempted')
    const containers = [
      {
        name: 'main',
        image: 'modelcache.test/tools:1',
        command: ['sleep', '3600'],
        resources: { requests: { cpu } },
      },
    ]
    await cluster.need({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'important' },
      spec: { priorityClassName: high, terminationGracePeriodSeconds: 1, containers },
    })
    const described = await eventually('a word about it', async () => {
      const { stdout } = await cluster.kubectl(['describe', 'modelcache/preempted'])
      return /Preempted|higher priority|no node can run/.test(stdout) ? stdout : undefined
    })
    expect(described).toMatch(/Preempted|no node can run pod/)
    await cluster.kubectl(['delete', 'pod/important', `priorityclass/${high}`])
  })
})
