import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { runCommand } from '../testbed/command.ts'
import { eventually, namespaceOf } from './support/cluster.ts'
import { type Fleet, type FleetMember, startFleet } from './support/fleet.ts'
import { conditions, metadata, type Place, readerOf } from './support/fleet-object.ts'
import { deploymentsOf, modelDeployment } from './support/model-deployment.ts'
import { pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { stepByStep } from './support/step-by-step.ts'

// A hub and two members: three control planes, each with the product as shipped. No kubelet runs, so the
// tests say which pods serve.

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const SELECTOR = { matchLabels: { 'modelplane.ai/tier': 'prod' } }
const GRACE_MS = 15_000

const entry = z.object({
  name: z.string(),
  replicas: z.number(),
  readyReplicas: z.number(),
  message: z.string().optional(),
})
const counts = z.looseObject({ replicas: z.number(), readyReplicas: z.number(), complete: z.boolean() })
const deployment = z.looseObject({
  metadata,
  spec: z.looseObject({ replicas: z.number() }),
  status: z
    .looseObject({
      ready: z.string().optional(),
      serving: z.string().optional(),
      clusters: z.array(entry).optional(),
      local: counts.optional(),
      conditions,
    })
    .optional(),
})
type Deployment = z.infer<typeof deployment>

/** The cluster of the hub. */
const HERE = {
  apiVersion: 'modelplane.ai/v1alpha1',
  kind: 'InferenceCluster',
  metadata: { name: 'here', labels: SELECTOR.matchLabels },
  spec: { cluster: { source: 'Local' } },
}

let fleet: Fleet
let east: FleetMember
let west: FleetMember

const { read, until: untilIn } = readerOf('modeldeployment', deployment)
/** What the ModelDeployment of the hub says, once it says that. */
const until = (name: string, what: string, holds: (found: Deployment) => boolean) =>
  untilIn(fleet, name, what, holds)

/** `east 2, west 2` */
const sharesIn = ({ status }: Deployment) =>
  status?.clusters?.map(each => `${each.name} ${each.replicas}`).join(', ')
const shares = (name: string, text: string) => until(name, text, found => sharesIn(found) === text)
const says = ({ status }: Deployment, type: string) => status?.conditions?.find(each => each.type === type)
const messageIn = ({ status }: Deployment, name: string) =>
  status?.clusters?.find(each => each.name === name)?.message

const stage = (member: Place) =>
  member.cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
const change = async ({ cluster }: Place, name: string, patch: object) =>
  cluster.kubectl(['patch', `modeldeployment/${name}`, '--type=merge', '-p', JSON.stringify(patch)])

/** Is the kubelet there, until as many pods as are wanted run the present template and serve. */
async function serve({ cluster }: Place, name: string, wanted: number): Promise<void> {
  const on = deploymentsOf(cluster)
  await eventually(`${wanted} pods of ${name} to serve`, async () => {
    for (const { metadata } of await on.podsOf(name)) await on.serve(metadata.name).catch(() => {})
    const path = '.spec.replicas} {.status.replicas} {.status.updatedReplicas} {.status.readyReplicas'
    return (await on.path(`deployment/${name}`, path)) === Array(4).fill(wanted).join(' ') || undefined
  })
}

beforeAll(async () => {
  const labels = SELECTOR.matchLabels
  const options = [`--cluster-grace=${GRACE_MS / 1000}s`, '--create-namespaces']
  fleet = await startFleet({ east: labels, west: labels }, ...options)
  const [first, second] = fleet.members
  if (first === undefined || second === undefined) throw new Error('there are too few members')
  east = first
  west = second
}, 600_000)
afterAll(() => fleet?.[Symbol.asyncDispose]())

describe('a ModelDeployment with a selector', () => {
  stepByStep()

  test('waits for its caches, and says where they are', async () => {
    await fleet.cluster.need(pausedCache('llama', soundSpec({ clusterSelector: SELECTOR })))
    const { code, stderr } = await fleet.cluster.apply(
      modelDeployment('chat', { replicas: 4, clusterSelector: SELECTOR }),
    )
    // What this cluster has is no matter.
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const told = await until('chat', 'that no cache is Ready', found =>
      /east: cache llama is /.test(says(found, 'CachesReady')?.message ?? ''),
    )
    expect(says(told, 'Available')).toMatchObject({ status: 'False', reason: 'CacheNotReady' })
    expect(sharesIn(told)).toBe('east 0, west 0')
    expect(await read(east, 'chat')).toBeUndefined()
  })

  test('serves where they are Ready first', async () => {
    await stage(east)
    await shares('chat', 'east 4, west 0')
    const copy = await eventually('the copy', () => read(east, 'chat'))
    const hubs = await read(fleet, 'chat')
    expect(copy.spec).toEqual({ ...hubs?.spec, clusterSelector: undefined })
    expect(copy.metadata.labels).toHaveProperty(['modelplane.ai/hub'])
    expect(hubs?.metadata.finalizers).toEqual(['modelplane.ai/copies'])
    await serve(east, 'chat', 4)
    const done = await until('chat', 'that all serve', found => found.status?.ready === '4/4')
    expect(says(done, 'Available')).toMatchObject({ status: 'True', message: '4 serve, in 1 cluster' })
    expect((await fleet.cluster.kubectl(['get', 'deployment/chat', '--ignore-not-found'])).stdout).toBe('')
    const { stdout } = await fleet.cluster.kubectl(['get', 'mdeploy'])
    expect(stdout).toMatch(/^NAME +STRATEGY +REPLICAS +READY +CACHES +CLUSTERS +AGE$/m)
    expect(stdout).toMatch(/^chat +Tensor +4 +4\/4 +1\/1 +1\/1 /m)
  })

  test('is split evenly once they are Ready elsewhere, and nothing ends before others serve', async () => {
    await stage(west)
    await shares('chat', 'east 4, west 2')
    expect((await read(east, 'chat'))?.spec.replicas).toBe(4)
    await serve(west, 'chat', 2)
    await shares('chat', 'east 2, west 2')
    await eventually('two in east', async () => (await read(east, 'chat'))?.spec.replicas === 2 || undefined)
    const settled = await until('chat', 'that all is done', found => {
      return says(found, 'Progressing')?.reason === 'Complete' && found.status?.serving === '2/2'
    })
    expect(says(settled, 'Ready')).toMatchObject({ status: 'True', message: '4 serve, in 2 clusters' })
    const { stdout } = await fleet.cluster.kubectl(['describe', 'modeldeployment/chat'])
    expect(stdout).toMatch(/Normal +SharesChanged +.*east 4 → 2/)
  })

  test('is explained by its clusters', async () => {
    const env = { ...process.env, KUBECONFIG: fleet.plane.controlPlane.kubeconfig, NO_COLOR: '1' }
    const args = [MAIN, 'why', 'mdeploy/chat', '-n', fleet.cluster.namespace]
    const { stdout } = await runCommand(process.execPath, args, { env })
    expect(stdout).toMatch(/^ModelDeployment \S+\/chat: 0 pods, 0 ready$/m)
    expect(stdout).toMatch(/^ {2}cluster west: 2 of 2 serve/m)
    expect(stdout).toContain('Why: nothing is wrong: 4 serve, in 2 clusters')
  })

  test('is scaled as a whole', async () => {
    const { code, stderr } = await fleet.cluster.kubectl(['scale', 'modeldeployment/chat', '--replicas=5'])
    expect(code, stderr).toBe(0)
    await shares('chat', 'east 3, west 2')
    await fleet.cluster.kubectl(['scale', 'modeldeployment/chat', '--replicas=4'])
    await shares('chat', 'east 2, west 2')
  })

  test('passes on what its author changes, and takes back what others change there', async () => {
    await change(fleet, 'chat', { spec: { engine: { image: 'vllm/vllm-openai:v0.12.0' } } })
    const image = async (member: FleetMember) =>
      deploymentsOf(member.cluster).path('deployment/chat', '.spec.template.spec.containers[0].image')
    for (const member of [east, west])
      await eventually('the image', async () => (await image(member)).endsWith(':v0.12.0') || undefined)
    await change(east, 'chat', { spec: { replicas: 9 } })
    await eventually('its share', async () => (await read(east, 'chat'))?.spec.replicas === 2 || undefined)
    await serve(east, 'chat', 2)
    await serve(west, 'chat', 2)
  })

  test('keeps the share of a silent cluster for a while, and then moves it, also by another hub', async () => {
    await until('chat', 'that all serve', found => found.status?.ready === '4/4')
    west.line.refuse()
    const silent = await until('chat', 'that west is silent', found =>
      /not reached/.test(messageIn(found, 'west') ?? ''),
    )
    expect(sharesIn(silent)).toBe('east 2, west 2')
    expect(says(silent, 'Available')?.status).toBe('True')
    await fleet.stopHub()
    await fleet.startHub()
    const lost = await shares('chat', 'east 4, west 2')
    expect(messageIn(lost, 'west')).toMatch(
      /^others serve in its place until the cluster is back; not reached/,
    )
    await serve(east, 'chat', 4)
    await until('chat', 'that all serve', found => found.status?.ready === '4/4')
    // Nobody can tell west, whose instances go on.
    expect((await read(west, 'chat'))?.spec.replicas).toBe(2)
    const { uid } = (await deployment.parse(await west.cluster.get('modeldeployment/chat'))).metadata
    west.line.resume()
    await shares('chat', 'east 2, west 2')
    expect((await read(west, 'chat'))?.metadata.uid).toBe(uid)
  })

  test('is followed by its copies when labels move', async () => {
    const tier = (text: string) =>
      fleet.plane.kubectl(['label', '--overwrite', 'inferencecluster/east', `modelplane.ai/tier=${text}`])
    await tier('dev')
    // The cache leaves, too, as soon as no pod mounts it.
    await shares('chat', 'east 2, west 4')
    await serve(west, 'chat', 4)
    await eventually('the copy to go', async () =>
      (await read(east, 'chat')) === undefined ? true : undefined,
    )
    await shares('chat', 'west 4')
    await tier('prod')
    await eventually('the cache in east', async () => {
      const { stdout } = await east.cluster.kubectl(['get', 'modelcache', '-o', 'name'])
      return stdout.includes('llama') || undefined
    })
    await stage(east)
    await shares('chat', 'east 2, west 4')
    await serve(east, 'chat', 2)
    await shares('chat', 'east 2, west 2')
  })

  test('serves in the cluster of the hub, too, once that is selected', async () => {
    await fleet.cluster.need(HERE)
    await until('chat', 'what is missing here', found =>
      /cache llama is not Ready there/.test(messageIn(found, 'here') ?? ''),
    )
    await fleet.cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
    await shares('chat', 'east 2, here 1, west 2')
    await serve(fleet, 'chat', 1)
    const split = await shares('chat', 'east 2, here 1, west 1')
    expect(split.status?.local).toMatchObject({ replicas: 1, readyReplicas: 1, complete: true })
    expect((await fleet.cluster.get('service/chat')) !== undefined).toBe(true)
    await until('chat', 'that all serve', ({ status }) => status?.serving === '3/3' && status.ready === '4/4')
  })

  test('comes to rest', async () => {
    const version = () =>
      deploymentsOf(fleet.cluster).path('modeldeployment/chat', '.metadata.resourceVersion')
    await eventually('rest', async () => {
      const before = await version()
      await new Promise(resolve => setTimeout(resolve, 3_000))
      return before === (await version()) || undefined
    })
  })

  test('stays in a cluster that is no longer registered, and has its share again when it is', async () => {
    const { code } = await fleet.cluster.kubectl(['delete', 'inferencecluster/here'])
    expect(code).toBe(0)
    await shares('chat', 'east 2, west 2')
    await serve(east, 'chat', 2)
    await serve(west, 'chat', 2)
    const all = await until('chat', 'that others serve', ({ status }) => status?.serving === '2/2')
    expect(all.status?.local).toMatchObject({ replicas: 1 })
    expect(await deploymentsOf(fleet.cluster).path('deployment/chat', '.status.readyReplicas')).toBe('1')
    await fleet.cluster.need(HERE)
    await until('chat', 'a share here', found => /here 1/.test(sharesIn(found) ?? ''))
    await serve(fleet, 'chat', 1)
    await until('chat', 'that all serve', ({ status }) => status?.serving === '3/3')
  })

  test('is where a placement says, to the letter', async () => {
    const wrong = await change(fleet, 'chat', { spec: { placement: [{ cluster: 'east', replicas: 3 }] } })
    expect(wrong.code).not.toBe(0)
    expect(wrong.stderr).toContain('the replicas of all clusters must add up to spec.replicas')
    const placement = [
      { cluster: 'east', replicas: 3 },
      { cluster: 'moon', replicas: 1 },
    ]
    const { code, stderr } = await change(fleet, 'chat', { spec: { placement } })
    expect(code, stderr).toBe(0)
    const told = await until('chat', 'the placement', found => /moon 1/.test(sharesIn(found) ?? ''))
    expect(messageIn(told, 'moon')).toContain('there is no InferenceCluster of this name')
    await shares('chat', 'east 3, moon 1')
    await eventually('the Deployment here to go', async () => {
      const { stdout } = await fleet.cluster.kubectl(['get', 'deployment/chat', '--ignore-not-found'])
      return stdout === '' || undefined
    })
    const scaled = await fleet.cluster.kubectl(['scale', 'modeldeployment/chat', '--replicas=5'])
    expect(scaled.stderr).toContain('add up to spec.replicas')
  })

  test('is a plain one again without selector and placement', async () => {
    await change(fleet, 'chat', { spec: { placement: null, clusterSelector: null } })
    // East serves until this cluster does.
    await serve(fleet, 'chat', 4)
    await eventually('the copy to go', async () =>
      (await read(east, 'chat')) === undefined ? true : undefined,
    )
    const plain = await until('chat', 'all about this cluster', found => found.status?.clusters === undefined)
    const done = await until('chat', 'that all serve', found => found.status?.ready === '4/4')
    expect(says(done, 'Available')?.message, JSON.stringify(plain.status)).toBe('4 of 4 serve')
    expect(done.status?.local).toBeUndefined()
    expect(done.metadata.finalizers).toBeUndefined()
  })

  test('takes its copies along when it is deleted', async () => {
    await change(fleet, 'chat', { spec: { clusterSelector: SELECTOR } })
    await eventually('the copy', () => read(west, 'chat'))
    const { code } = await fleet.cluster.kubectl(['delete', 'modeldeployment/chat', '--timeout=60s'])
    expect(code).toBe(0)
    expect(await read(west, 'chat')).toBeUndefined()
    expect(await read(east, 'chat')).toBeUndefined()
  })
})

test('a ModelDeployment that is there already is not adopted, and its Deployment stays', async () => {
  await west.cluster.need(modelDeployment('theirs', { replicas: 1, caches: [] }))
  await fleet.cluster.need(modelDeployment('theirs', { replicas: 3, caches: [], clusterSelector: SELECTOR }))
  const told = await until('theirs', 'that the name is taken', found =>
    /this hub has not made it/.test(messageIn(found, 'west') ?? ''),
  )
  expect(says(told, 'Stalled')).toMatchObject({ status: 'True' })
  expect((await read(west, 'theirs'))?.spec.replicas).toBe(1)
  await fleet.cluster.kubectl(['delete', 'modeldeployment/theirs', '--timeout=60s'])
  expect(await read(west, 'theirs')).toBeDefined()
})

test('a namespace that a cluster lacks is made there, if the hub is told to', async () => {
  const home = await namespaceOf(fleet.plane.kubectl)
  await home.need(modelDeployment('new', { replicas: 3, caches: [], clusterSelector: SELECTOR }))
  const there = await eventually('the copy', async () => {
    const path = ['-n', home.namespace, 'get', 'modeldeployment/new', '--ignore-not-found', '-o', 'name']
    return (await east.plane.kubectl(path)).stdout || undefined
  })
  expect(there).toContain('new')
  const { stdout } = await east.plane.kubectl(['get', 'namespace', home.namespace, '--show-labels'])
  expect(stdout).toContain('modelplane.ai/hub=')
  await home.kubectl(['delete', 'modeldeployment/new', '--timeout=60s'])
})

test('a cluster whose ModelCache is too old for ModelDeployments says so', async () => {
  const crd = 'crd/modeldeployments.modelplane.ai'
  const { stdout } = await west.plane.kubectl(['get', crd, '-o', 'json'])
  await west.plane.kubectl(['delete', crd])
  await fleet.cluster.need(modelDeployment('modern', { replicas: 3, caches: [], clusterSelector: SELECTOR }))
  await until('modern', 'that the kind is missing', found =>
    /has no ModelDeployments; install a newer version/.test(messageIn(found, 'west') ?? ''),
  )
  await shares('modern', 'east 1, here 1, west 1')
  const { metadata, spec, apiVersion, kind } = JSON.parse(stdout)
  const again = { apiVersion, kind, spec, metadata: { name: metadata.name } }
  expect((await west.plane.kubectl(['apply', '-f', '-'], JSON.stringify(again))).code).toBe(0)
  await eventually('the copy', () => read(west, 'modern').catch(() => undefined))
  await fleet.cluster.kubectl(['delete', 'modeldeployment/modern', '--timeout=120s'])
})

test('with the token of the hub, nobody changes what a ModelDeployment asks for', async () => {
  await fleet.cluster.need(modelDeployment('mine', { caches: [] }))
  const denied = async (...args: string[]) => {
    const user = '--as=system:serviceaccount:modelcache-system:modelcache-hub'
    const { code, stderr } = await fleet.cluster.kubectl([...args, user])
    expect(code).not.toBe(0)
    return stderr
  }
  expect(await denied('label', 'modeldeployment/mine', 'a=b')).toContain('HubLimited')
  // It may not create Deployments either, and Kubernetes names one of the policies that deny.
  const spec = await denied('patch', 'modeldeployment/mine', '--type=merge', '-p', '{"spec":{"replicas":7}}')
  expect(spec).toMatch(/HubLimited|DeploymentForbidden/)
  await fleet.cluster.kubectl(['delete', 'modeldeployment/mine'])
})
