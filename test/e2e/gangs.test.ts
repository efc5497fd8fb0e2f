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
