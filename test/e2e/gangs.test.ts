import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { snapshotFolder } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, DIGEST, modelCache, pod, readyStatus, soundSpec } from './support/objects.ts'
import { type StoredPod, storedPod } from './support/stored-pod.ts'

const NEWER = `sha256:${'6b'.repeat(32)}`

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  await cluster.need(gang('llama'))
})

/** Gangs of a leader and one worker. A pod that ends is replaced alone. */
function gang(name: string, metadata = annotations('weights')) {
  const { spec } = pod({})
  const template = { metadata, spec }
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name },
    spec: {
      replicas: 1,
      leaderWorkerTemplate: {
        size: 2,
        restartPolicy: 'None',
        leaderTemplate: template,
        workerTemplate: template,
      },
    },
  }
}

const identified = z.looseObject({ metadata: z.looseObject({ uid: z.string() }) })

async function find(name: string): Promise<StoredPod | undefined> {
  const { code, stdout } = await cluster.kubectl(['get', `pod/${name}`, '-o', 'json'])
  return code === 0 ? storedPod.parse(JSON.parse(stdout)) : undefined
}

/** Ends a pod, and returns the pod that replaces it. */
async function replaced(name: string): Promise<StoredPod> {
  const { uid } = identified.parse(await cluster.get(`pod/${name}`)).metadata
  await cluster.kubectl(['delete', `pod/${name}`, '--force'])
  return eventually(`another ${name}`, async () => {
    const found = await find(name)
    return found && identified.parse(found).metadata.uid !== uid ? found : undefined
  })
}

/** The cache was fetched again. The older snapshot stays on the volume. */
const refetched = {
  ...readyStatus('modelcache--weights'),
  resolvedDigest: NEWER,
  snapshots: [{ digest: NEWER }, { digest: DIGEST }],
}

function digestOf(given: StoredPod): string | undefined {
  return given.metadata.annotations?.['modelplane.ai/injected']
}

test('a worker that starts again gets what its leader has, not what was fetched since; a new leader gets that', async () => {
  const leader = await eventually('the leader', () => find('llama-0'))
  expect(digestOf(leader)).toBe(`weights=${DIGEST}`)
  await eventually('the worker', () => find('llama-0-1'))

  await cluster.setStatus('modelcache/weights', refetched)
  expect(digestOf(await replaced('llama-0-1'))).toBe(`weights=${DIGEST}`)

  // The cache is no longer Ready: a single pod is denied, and the gang stays whole.
  await cluster.setStatus('modelcache/weights', { phase: 'Hydrating', conditions: [] })
  expect((await cluster.apply(pod({ name: 'alone', ...annotations('weights') }))).stderr).toMatch(
    /CacheNotReady/,
  )
  expect(digestOf(await replaced('llama-0-1'))).toBe(`weights=${DIGEST}`)

  await cluster.setStatus('modelcache/weights', refetched)
  expect(digestOf(await replaced('llama-0'))).toBe(`weights=${NEWER}`)
})

test('a gang that waits is let go when its cache is Ready, leader and worker with one digest', async () => {
  await cluster.need(modelCache('awaited', soundSpec()))
  await cluster.need(gang('patient', annotations('awaited', { 'modelplane.ai/not-ready': 'Gate' })))
  const waiting = async () => Promise.all([find('patient-0'), find('patient-0-1')])
  await eventually('two pods that wait', async () => {
    const pods = await waiting()
    return pods.every(found => found?.spec.schedulingGates) ? pods : undefined
  })
  await cluster.setStatus('modelcache/awaited', readyStatus('modelcache--awaited'))
  const gone = await eventually('the end of their wait', async () => {
    const pods = await waiting()
    return pods.every(found => found && !found.spec.schedulingGates) ? pods : undefined
  })
  for (const found of gone) {
    expect(found && digestOf(found)).toBe(`awaited=${DIGEST}`)
    expect(found?.metadata.annotations?.['digest.modelplane.ai/modelcache--awaited']).toBe(
      snapshotFolder(DIGEST),
    )
  }
})

/** GANG_ROUNDS=50 restarts more often. */
const ROUNDS = Number(process.env.GANG_ROUNDS ?? 8)
const GANGS = [0, 1]
const WORKERS = [1, 2]

test('gangs that restart while their cache is fetched again never mix digests', async () => {
  const template = { metadata: annotations('weights'), spec: pod({}).spec }
  await cluster.setStatus('modelcache/weights', refetched)
  await cluster.need({
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: 'busy' },
    spec: {
      replicas: GANGS.length,
      leaderWorkerTemplate: { size: 3, leaderTemplate: template, workerTemplate: template },
    },
  })
  const names = GANGS.flatMap(index => [`busy-${index}`, ...WORKERS.map(worker => `busy-${index}-${worker}`)])
  const whole = (but: ReadonlySet<string>) =>
    eventually('whole gangs', async () => {
      const pods = await Promise.all(names.map(find))
      const found = pods.flatMap(each => each ?? [])
      const isNew = found.every(each => !but.has(identified.parse(each).metadata.uid))
      return found.length === names.length && isNew ? found : undefined
    })
  let pods = await whole(new Set())
  for (let round = 0; round < ROUNDS; round++) {
    const before = new Set(pods.map(each => identified.parse(each).metadata.uid))
    const [one, other] = round % 2 === 0 ? [NEWER, DIGEST] : [DIGEST, NEWER]
    const flip = async () => {
      for (const digest of [one, other])
        await cluster.setStatus('modelcache/weights', { ...refetched, resolvedDigest: digest })
    }
    const restart = GANGS.map(index => cluster.kubectl(['delete', `pod/busy-${index}`, '--force']))
    await Promise.all([flip(), ...restart])
    pods = await whole(before)
    for (const index of GANGS) {
      const members = pods.filter(({ metadata }) => new RegExp(`^busy-${index}(-|$)`).test(metadata.name))
      expect(new Set(members.map(digestOf)).size, `round ${round}, gang ${index}`).toBe(1)
    }
  }
})
