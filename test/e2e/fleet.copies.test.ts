import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from './support/cluster.ts'
import { type Fleet, type FleetMember, startFleet } from './support/fleet.ts'
import { conditions, metadata, readerOf } from './support/fleet-object.ts'
import { DIGEST, huggingFace, modelCache, pausedCache, readyStatus, soundSpec } from './support/objects.ts'

// A hub and two members: three control planes, each with the product as shipped. Controllers leave the copies
// alone, so that the tests say how far they are.

const ANOTHER = `sha256:${'6b'.repeat(32)}`
const SELECTOR = { matchLabels: { 'modelplane.ai/tier': 'prod' } }

const cache = z.looseObject({
  metadata,
  spec: z.looseObject({}),
  status: z
    .looseObject({
      phase: z.string().optional(),
      replicas: z.string().optional(),
      clusters: z
        .array(
          z.looseObject({
            name: z.string(),
            phase: z.string(),
            ready: z.boolean(),
            message: z.string().optional(),
          }),
        )
        .optional(),
      conditions,
    })
    .optional(),
})
type Cache = z.infer<typeof cache>

let fleet: Fleet
let east: FleetMember
let west: FleetMember

const placed = (changes: object = {}) => soundSpec({ clusterSelector: SELECTOR, ...changes })

const { read, until: untilIn } = readerOf('modelcache', cache)
/** What the ModelCache of the hub says, once it says that. */
const until = (name: string, what: string, holds: (found: Cache) => boolean) =>
  untilIn(fleet, name, what, holds)

const copyIn = (member: FleetMember, name: string) =>
  eventually(`a copy of ${name} in ${member.name}`, () => read(member, name))
const goneFrom = (member: FleetMember, name: string) =>
  eventually(`${name} to leave ${member.name}`, async () =>
    (await read(member, name)) === undefined ? true : undefined,
  )
const condition = ({ status }: Cache, type: string) => status?.conditions?.find(each => each.type === type)
const entry = ({ status }: Cache, name: string) => status?.clusters?.find(each => each.name === name)

const stage = (member: FleetMember, name: string, digest = DIGEST) =>
  member.cluster.setStatus(`modelcache/${name}`, {
    ...readyStatus(`modelcache--${name}`),
    resolvedDigest: digest,
  })
const label = (name: string, text: string) =>
  fleet.plane.kubectl(['label', '--overwrite', `inferencecluster/${name}`, text])

beforeAll(async () => {
  fleet = await startFleet({ east: SELECTOR.matchLabels, west: SELECTOR.matchLabels })
  const [first, second] = fleet.members
  if (first === undefined || second === undefined) throw new Error('there are too few members')
  east = first
  west = second
}, 600_000)
afterAll(() => fleet?.[Symbol.asyncDispose]())
beforeEach(async () => {
  await label('west', 'modelplane.ai/tier=prod')
})

describe('a ModelCache with a selector', () => {
  test('goes to every cluster that it selects, and is Ready once it is in all of them', async () => {
    await fleet.cluster.need(pausedCache('both', placed({ replication: 'AllMatchingClusters' })))
    const copy = await copyIn(east, 'both')
    const hubs = await read(fleet, 'both')
    expect(copy.spec).toEqual({ ...hubs?.spec, clusterSelector: undefined, replication: undefined })
    expect(copy.metadata.labels).toHaveProperty(['modelplane.ai/hub'])
    await copyIn(west, 'both')
    const before = await until('both', 'that no cluster has it', found => found.status?.replicas === '0/2')
    expect(condition(before, 'Ready')).toMatchObject({ status: 'False', reason: 'CopiesNotReady' })

    await stage(east, 'both')
    const half = await until('both', 'that one has it', found => found.status?.replicas === '1/2')
    expect(entry(half, 'east')).toMatchObject({ phase: 'Ready', ready: true, digest: DIGEST })
    expect(condition(half, 'Replicated')?.message).toMatch(/^1 of 2 clusters; west is /)
    await stage(west, 'both')
    const done = await until('both', 'that both have it', found => found.status?.replicas === '2/2')
    expect(condition(done, 'Ready')).toMatchObject({ status: 'True', reason: 'CopiesReady' })
    expect(condition(done, 'Replicated')).toMatchObject({ status: 'True', message: '2 of 2 clusters' })
    const { code } = await fleet.cluster.kubectl([
      ...['wait', '--for=condition=Ready', '--timeout=10s', 'modelcache/both'],
    ])
    expect(code).toBe(0)
    const { stdout } = await fleet.cluster.kubectl(['get', 'modelcache', 'both'])
    expect(stdout).toMatch(/CLUSTERS/)
    expect(stdout).toMatch(/Ready +True +.*2\/2/)
  })

  test('is not staged in the cluster of the hub, and no pod gets it there', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'engine', annotations: { 'modelplane.ai/caches': 'both' } },
      spec: { containers: [{ name: 'a', image: 'vllm/vllm-openai:v0.11.0' }] },
    }
    const { code, stderr } = await fleet.cluster.apply(pod)
    expect(code).toBe(1)
    expect(stderr).toContain('is for other clusters (spec.clusterSelector), and this one does not stage it')
    const { stdout } = await fleet.cluster.kubectl(['get', 'pvc,jobs', '-o', 'name'])
    expect(stdout).toBe('')
  })

  test('says when clusters have different bytes', async () => {
    await stage(west, 'both', ANOTHER)
    const told = await until('both', 'that digests differ', found =>
      /different bytes/.test(condition(found, 'Replicated')?.message ?? ''),
    )
    expect(condition(told, 'Replicated')?.message).toBe(
      `2 of 2 clusters, with different bytes: east has ${DIGEST}, west has ${ANOTHER}`,
    )
    await stage(west, 'both')
  })

  test('passes on what its author changes, and takes back what others change there', async () => {
    const asked = { metadata: { annotations: { 'modelplane.ai/refetch': 'monday' } } }
    await fleet.cluster.kubectl(['patch', 'modelcache/both', '--type=merge', '-p', JSON.stringify(asked)])
    await eventually('the annotation', async () => {
      const { metadata } = await copyIn(east, 'both')
      return metadata.annotations?.['modelplane.ai/refetch'] === 'monday' || undefined
    })
    const every = (interval: string) => JSON.stringify({ spec: { refetch: { every: interval } } })
    const patch = ({ cluster }: Pick<FleetMember, 'cluster'>, text: string) =>
      cluster.kubectl(['patch', 'modelcache/both', '--type=merge', '-p', text])
    const interval = ({ spec }: Cache) => z.object({ every: z.string() }).safeParse(spec.refetch).data?.every
    await patch(fleet, every('24h'))
    const arrives = () =>
      eventually('the interval', async () => interval(await copyIn(east, 'both')) === '24h' || undefined)
    await arrives()
    await patch(east, every('48h'))
    await arrives()

    // What the ModelCache says nothing about is not taken back, but told.
    const own = JSON.stringify({ spec: { hydration: { nodeSelector: { zone: 'a' } } } })
    await patch(east, own)
    const told = await until('both', 'what is other', found =>
      /asks for something else/.test(entry(found, 'east')?.message ?? ''),
    )
    expect(told.status?.replicas).toBe('2/2')
    await patch(fleet, own)
    await until('both', 'that all is well', found => !/else/.test(entry(found, 'east')?.message ?? ''))
  })

  test('leaves a cluster that it no longer selects, and comes back', async () => {
    await label('west', 'modelplane.ai/tier=dev')
    await goneFrom(west, 'both')
    const one = await until(
      'both',
      'that one cluster is left',
      found => found.status?.replicas === '1/1' && entry(found, 'west') === undefined,
    )
    expect(condition(one, 'Ready')?.status).toBe('True')
    await label('west', 'modelplane.ai/tier=prod')
    await copyIn(west, 'both')
    await stage(west, 'both')
    await until('both', 'that both have it', found => found.status?.replicas === '2/2')
  })

  test('stays where pods mount it, and status says so', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'engine', annotations: { 'modelplane.ai/caches': 'both' } },
      spec: { containers: [{ name: 'a', image: 'vllm/vllm-openai:v0.11.0' }] },
    }
    await west.cluster.need(pod)
    await label('west', 'modelplane.ai/tier=dev')
    const told = await until('both', 'that west keeps it', found =>
      /CacheInUse/.test(entry(found, 'west')?.message ?? ''),
    )
    expect(entry(told, 'west')?.message).toMatch(/^leaves, because spec.clusterSelector no longer selects/)
    expect(told.status?.replicas).toBe('1/1')
    await west.cluster.kubectl(['delete', 'pod/engine', '--grace-period=0', '--force'])
    await goneFrom(west, 'both')
  })

  test('is Unknown in a cluster that does not answer, and stays Ready', async () => {
    await copyIn(west, 'both')
    await stage(west, 'both')
    await until('both', 'that both have it', found => found.status?.replicas === '2/2')
    east.line.refuse()
    const told = await until(
      'both',
      'that east is Unknown',
      found => entry(found, 'east')?.phase === 'Unknown',
    )
    expect(entry(told, 'east')).toMatchObject({
      ready: true,
      message: expect.stringContaining('Unreachable'),
    })
    expect(condition(told, 'Ready')?.status).toBe('True')
    // A hub that starts again meanwhile knows no more, and says no less.
    await fleet.stopHub()
    await fleet.startHub()
    await until('both', 'that east is Unknown', found => entry(found, 'east')?.phase === 'Unknown')
    expect((await read(fleet, 'both'))?.status?.replicas).toBe('2/2')
    east.line.resume()
    await until('both', 'that east is Ready', found => entry(found, 'east')?.phase === 'Ready')
  })

  test('takes its copies along when it is deleted', async () => {
    await fleet.cluster.kubectl(['delete', 'modelcache/both', '--wait=false'])
    await goneFrom(east, 'both')
    await goneFrom(west, 'both')
    await eventually('it to go', async () => ((await read(fleet, 'both')) === undefined ? true : undefined))
  })
})

describe('a ModelCache that the cluster of the hub stages, too', () => {
  const claim = async () => {
    const { stdout } = await fleet.cluster.kubectl(['get', 'pvc', 'modelcache--here-too', '-o', 'name'])
    return stdout !== ''
  }

  test('has a status of two writers, who let each other be', async () => {
    await fleet.cluster.need({
      apiVersion: 'modelplane.ai/v1alpha1',
      kind: 'InferenceCluster',
      metadata: { name: 'here', labels: SELECTOR.matchLabels },
      spec: { cluster: { source: 'Local' } },
    })
    await fleet.cluster.need(modelCache('here-too', placed()))
    const told = await until(
      'here-too',
      'how all three are',
      found => found.status?.replicas === '0/3' && entry(found, 'here') !== undefined,
    )
    expect(told.status?.clusters?.map(({ name }) => name).toSorted()).toEqual(['east', 'here', 'west'])
    // The controller says when it is Ready, and no pod waits for other clusters.
    expect(condition(told, 'Ready')?.reason).not.toMatch(/^Copies/)
    expect(condition(told, 'Replicated')).toMatchObject({ status: 'False', reason: 'CopiesNotReady' })
    const version = async () =>
      (
        await fleet.cluster.kubectl([
          'get',
          'modelcache/here-too',
          '-o',
          'jsonpath={.metadata.resourceVersion}',
        ])
      ).stdout
    await eventually('rest', async () => {
      const before = await version()
      await new Promise(resolve => setTimeout(resolve, 2_000))
      return before === (await version()) || undefined
    })
  })

  test('leaves the cluster of the hub, and comes back', async () => {
    await eventually('the claim', async () => (await claim()) || undefined)
    await label('here', 'modelplane.ai/tier=dev')
    const left = await until('here-too', 'that two are left', found => found.status?.replicas === '0/2')
    await eventually('the claim to go', async () => !(await claim()) || undefined)
    const later = await until('here-too', 'what the hub says', found => entry(found, 'here') === undefined)
    expect(condition(later, 'Ready')?.reason, JSON.stringify(left.status)).toMatch(/^Copies/)
    await label('here', 'modelplane.ai/tier=prod')
    await until('here-too', 'all three', found => found.status?.replicas === '0/3')
    await eventually('the claim', async () => (await claim()) || undefined)
    await fleet.cluster.kubectl(['delete', 'modelcache/here-too', '--timeout=60s'])
    expect(await read(east, 'here-too')).toBeUndefined()
    await fleet.plane.kubectl(['delete', 'inferencecluster/here'])
  })
})

describe('a branch', () => {
  const [FIRST, SECOND] = ['a09a3545'.repeat(5), 'b18b4656'.repeat(5)]
  const moving = placed({ artifact: { source: { huggingFace: { ...huggingFace, revision: 'main' } } } })
  const finds = (member: FleetMember, revision: string, refetch?: string) =>
    member.cluster.setStatus('modelcache/moving', {
      ...readyStatus('modelcache--moving'),
      resolvedRevision: revision,
      ...(refetch && { hydration: { refetch } }),
    })
  const pinIn = async (member: FleetMember) =>
    (await copyIn(member, 'moving')).metadata.annotations?.['modelplane.ai/revision']
  const pinned = (member: FleetMember, revision: string) =>
    eventually(`${revision} in ${member.name}`, async () => (await pinIn(member)) === revision || undefined)

  test('is resolved by the first cluster, and the others stage the same commit', async () => {
    await fleet.cluster.need(pausedCache('moving', moving))
    await copyIn(east, 'moving')
    const told = await until('moving', 'what west waits for', found =>
      /waits until cluster east has found/.test(entry(found, 'west')?.message ?? ''),
    )
    expect(told.status?.replicas).toBe('0/2')
    expect(await read(west, 'moving')).toBeUndefined()
    await finds(east, FIRST)
    await pinned(west, FIRST)
    expect(await pinIn(east)).toBeUndefined()

    const asked = { metadata: { annotations: { 'modelplane.ai/refetch': 'tuesday' } } }
    await fleet.cluster.kubectl(['patch', 'modelcache/moving', '--type=merge', '-p', JSON.stringify(asked)])
    await eventually('the question to reach east', async () => {
      const { metadata } = await copyIn(east, 'moving')
      return metadata.annotations?.['modelplane.ai/refetch'] === 'tuesday' || undefined
    })
    await finds(east, SECOND, 'tuesday')
    await pinned(west, SECOND)
    await fleet.cluster.kubectl(['delete', 'modelcache/moving'])
  })

  test('gives way to the commit of annotation modelplane.ai/revision in the Job', async () => {
    const { metadata, ...rest } = modelCache('chosen', { ...moving, clusterSelector: undefined })
    await east.cluster.need({
      ...{ metadata: { ...metadata, annotations: { 'modelplane.ai/revision': FIRST } } },
      ...rest,
    })
    await eventually('the Job', async () => {
      const { stdout } = await east.cluster.kubectl(['get', 'jobs', '-o', 'json'])
      return stdout.includes(`revision\\":\\"${FIRST}`) || undefined
    })
    await east.cluster.kubectl(['delete', 'modelcache/chosen'])
  })
})

describe('a Secret that a ModelCache names', () => {
  const secret = (name: string, token: string, labels: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels },
    stringData: { token },
  })
  const shared = { 'modelplane.ai/replicate': 'true' }
  const gated = (name: string) =>
    placed({ artifact: { source: { huggingFace: { ...huggingFace, secretRef: { name, key: 'token' } } } } })
  const tokenIn = async ({ cluster }: Pick<FleetMember, 'cluster'>, name: string) => {
    const path = 'jsonpath={.data.token}'
    const { stdout } = await cluster.kubectl(['get', `secret/${name}`, '--ignore-not-found', '-o', path])
    return Buffer.from(stdout, 'base64').toString()
  }
  const arrives = (member: FleetMember, name: string, token: string) =>
    eventually(`${token} in ${member.name}`, async () => (await tokenIn(member, name)) === token || undefined)

  test('goes along with its label, is renewed, and goes with the last copy that needs it', async () => {
    await fleet.cluster.need(secret('hub-token', 'first', shared))
    await fleet.cluster.need(pausedCache('one', gated('hub-token')), pausedCache('two', gated('hub-token')))
    await arrives(east, 'hub-token', 'first')
    await copyIn(east, 'two')
    await fleet.cluster.need(secret('hub-token', 'second', shared))
    await arrives(east, 'hub-token', 'second')
    await arrives(west, 'hub-token', 'second')
    await eventually('two owners', async () => {
      const path = 'jsonpath={.metadata.ownerReferences[*].name}'
      const { stdout } = await east.cluster.kubectl(['get', 'secret/hub-token', '-o', path])
      return stdout.split(' ').toSorted().join() === 'one,two' || undefined
    })
    await fleet.cluster.kubectl(['delete', 'modelcache/one'])
    await eventually('one owner', async () => {
      const path = 'jsonpath={.metadata.ownerReferences[*].name}'
      const { stdout } = await east.cluster.kubectl(['get', 'secret/hub-token', '-o', path])
      return stdout === 'two' || undefined
    })
    await fleet.cluster.kubectl(['delete', 'modelcache/two'])
    await eventually('the Secret to go', async () => (await tokenIn(east, 'hub-token')) === '' || undefined)
  })

  test('stays at home without the label, and that of another cluster is left alone', async () => {
    await fleet.cluster.need(secret('private', 'mine'), secret('public', 'ours', shared))
    await west.cluster.need(secret('public', 'theirs'))
    await fleet.cluster.need(pausedCache('three', gated('private')), pausedCache('four', gated('public')))
    await copyIn(east, 'three')
    await arrives(east, 'public', 'ours')
    await eventually('the copy in west', async () => {
      const { metadata } = await copyIn(west, 'four')
      return metadata.annotations?.['modelplane.ai/secret-version'] !== undefined || undefined
    })
    expect(await tokenIn(west, 'public')).toBe('theirs')
    expect(await tokenIn(east, 'private')).toBe('')
    await fleet.cluster.kubectl(['delete', 'modelcache', 'three', 'four'])
    expect(await tokenIn(west, 'public')).toBe('theirs')
  })
})

test('a cluster that is silent holds up no other one', async () => {
  east.line.freeze('all')
  await fleet.cluster.need(pausedCache('patient', placed()))
  await copyIn(west, 'patient')
  await stage(west, 'patient')
  await until('patient', 'that west has it', found => found.status?.replicas === '1/2')
  expect(await read(east, 'patient')).toBeUndefined()
  east.line.resume()
  await copyIn(east, 'patient')
  await fleet.cluster.kubectl(['delete', 'modelcache/patient'])
})

test('a cluster that has no room for a copy says so, and gets it later', async () => {
  await west.cluster.need({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'full' },
    spec: { hard: { 'count/modelcaches.modelplane.ai': '0' } },
  })
  await eventually('the quota to count', async () => {
    const { stdout } = await west.cluster.kubectl(['get', 'quota/full', '-o', 'jsonpath={.status.hard}'])
    return stdout !== '' || undefined
  })
  await fleet.cluster.need(pausedCache('large', placed()))
  await copyIn(east, 'large')
  const told = await until('large', 'that west is full', found =>
    /exceeded quota/.test(entry(found, 'west')?.message ?? ''),
  )
  expect(entry(told, 'west')).toMatchObject({ phase: 'Pending', ready: false })
  await west.cluster.kubectl(['delete', 'quota/full'])
  await copyIn(west, 'large')
  await fleet.cluster.kubectl(['delete', 'modelcache/large'])
})

test('another cluster in the place of a registered one is left alone, and no cache loses Ready by it', async () => {
  await fleet.cluster.need(pausedCache('steady', placed()))
  for (const member of [east, west]) {
    await copyIn(member, 'steady')
    await stage(member, 'steady')
  }
  await until('steady', 'that both have it', found => found.status?.replicas === '2/2')
  const before = await read(west, 'steady')
  // The line of east leads to the cluster of west.
  await fleet.rewire('east', west.kubeconfig)
  const told = await until('steady', 'that east is another', found =>
    /ClusterReplaced/.test(entry(found, 'east')?.message ?? ''),
  )
  expect(entry(told, 'east')).toMatchObject({ phase: 'Unknown', ready: true })
  expect(condition(told, 'Ready')?.status).toBe('True')
  await label('east', 'modelplane.ai/tier=dev')
  await until('steady', 'that one is left', found => found.status?.replicas === '1/1')
  expect((await read(west, 'steady'))?.metadata).toMatchObject({ uid: before?.metadata.uid })
  expect((await read(west, 'steady'))?.metadata.deletionTimestamp).toBeUndefined()
  await label('east', 'modelplane.ai/tier=prod')
  await fleet.rewire('east', east.kubeconfig)
  await until('steady', 'that both have it', found => entry(found, 'east')?.phase === 'Ready')
  await fleet.cluster.kubectl(['delete', 'modelcache/steady'])
})

test('a ModelCache that is there already is not adopted', async () => {
  await east.cluster.need(pausedCache('taken', soundSpec()))
  const before = await read(east, 'taken')
  await fleet.cluster.need(pausedCache('taken', placed()))
  await until('taken', 'that it is taken', found =>
    /this hub has not made it/.test(entry(found, 'east')?.message ?? ''),
  )
  await copyIn(west, 'taken')
  await fleet.cluster.kubectl(['delete', 'modelcache/taken'])
  await goneFrom(west, 'taken')
  expect((await read(east, 'taken'))?.metadata.uid).toBe(before?.metadata.uid)
})

test('a cluster whose ModelCache is older and lacks a field says so, and gets the copy once it has it', async () => {
  const crd = ['crd/modelcaches.modelplane.ai', '--type=json', '-p']
  const property = 'openAPIV3Schema.properties.spec.properties.hydration.properties.connections'
  const jsonpath = `jsonpath={.spec.versions[0].schema.${property}}`
  const { stdout } = await west.plane.kubectl(['get', 'crd/modelcaches.modelplane.ai', '-o', jsonpath])
  const value: unknown = JSON.parse(stdout)
  const path = `/spec/versions/0/schema/${property.replaceAll('.', '/')}`
  const dropped = await west.plane.kubectl(['patch', ...crd, JSON.stringify([{ op: 'remove', path }])])
  expect(dropped.code, dropped.stderr).toBe(0)
  const probe = JSON.stringify(modelCache('probe', soundSpec({ hydration: { connections: 4 } })))
  await eventually('the API server of west to drop it', async () => {
    const args = ['create', '--dry-run=server', '--validate=false', '-f', '-', '-o', 'json']
    const { code, stdout } = await west.cluster.kubectl(args, probe)
    return (code === 0 && !stdout.includes('connections')) || undefined
  })
  await fleet.cluster.need(pausedCache('modern', placed({ hydration: { connections: 4 } })))
  const told = await until('modern', 'that west is older', found =>
    /ModelCache there has another version/.test(entry(found, 'west')?.message ?? ''),
  )
  expect(entry(told, 'east')?.message).not.toContain('another version')
  await west.plane.kubectl(['patch', ...crd, JSON.stringify([{ op: 'add', path, value }])])
  await copyIn(west, 'modern')
  await fleet.cluster.kubectl(['delete', 'modelcache/modern', '--timeout=60s'])
})

test('with the token of the hub, nobody changes what a ModelCache asks for, or which clusters there are', async () => {
  await fleet.cluster.need(pausedCache('ours', placed()))
  await until('ours', 'its clusters', found => found.status?.replicas === '0/2')
  const asHub = '--as=system:serviceaccount:modelcache-system:modelcache-hub'
  const denied = async (...args: string[]) => {
    const { code, stderr } = await fleet.cluster.kubectl([asHub, ...args])
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/HubLimited|forbidden/) })
    return stderr
  }
  expect(await denied('label', 'modelcache/ours', 'a=b')).toContain('HubLimited')
  const spec = JSON.stringify({ spec: { clusterSelector: null } })
  expect(await denied('patch', 'modelcache/ours', '--type=merge', '-p', spec)).toContain('HubLimited')
  expect(await denied('label', 'inferencecluster/east', 'a=b')).toContain('HubLimited')
  await denied('delete', 'modelcache/ours')
  await denied('create', 'configmap', 'a')
  await fleet.cluster.kubectl(['delete', 'modelcache/ours'])
})

test('a selector without a match is told, and harms nobody', async () => {
  const nowhere = modelCache('nowhere', placed({ clusterSelector: { matchLabels: { zone: 'mars' } } }))
  const { code, stderr } = await fleet.cluster.apply(nowhere)
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('NoClusterSelected: ') })
  const told = await until(
    'nowhere',
    'so',
    found => condition(found, 'Ready')?.reason === 'NoClusterSelected',
  )
  expect(told.status?.replicas).toBe('0/0')
})

test('the copies of a cluster that is deleted first stay, and an Event says so', async () => {
  await fleet.cluster.need(pausedCache('orphan', placed()))
  await copyIn(east, 'orphan')
  await copyIn(west, 'orphan')
  await until('orphan', 'two clusters', found => found.status?.replicas === '0/2')
  await fleet.plane.kubectl(['delete', 'inferencecluster/west'])
  await until('orphan', 'one cluster', found => found.status?.replicas === '0/1')
  await eventually('the Event', async () => {
    const { stdout } = await fleet.cluster.kubectl(['get', 'events', '-o', 'json'])
    return /CopyOrphaned/.test(stdout) && /InferenceCluster west was deleted/.test(stdout) ? true : undefined
  })
  await fleet.cluster.kubectl(['delete', 'modelcache/orphan'])
  expect(await read(west, 'orphan')).toBeDefined()
})

test('a cluster that is deleted takes its copies along if it is told to retire', async () => {
  await fleet.cluster.need(pausedCache('last', placed()))
  await copyIn(east, 'last')
  await fleet.plane.kubectl(['annotate', 'inferencecluster/east', 'modelplane.ai/retire=true'])
  await eventually('the finalizer', async () => {
    const { stdout } = await fleet.plane.kubectl(['get', 'inferencecluster/east', '-o', 'json'])
    return /"modelplane.ai\/copies"/.test(stdout) || undefined
  })
  const { code, stderr } = await fleet.plane.kubectl(['delete', 'inferencecluster/east', '--timeout=60s'])
  expect(code, stderr).toBe(0)
  expect(await read(east, 'last')).toBeUndefined()
})
