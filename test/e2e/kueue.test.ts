import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKueue } from '../testbed/kueue.ts'
import type { OutsideManager } from '../testbed/outside-manager.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { modelCache, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// The real Kueue, with a queue that is closed at first.

const QUEUE = 'kueue.x-k8s.io/v1beta2'

let plane: OwnPlane
let kueue: OutsideManager
let cluster: Cluster
const { get, inPhase, provision, podOf, run, end } = stagingIn(() => cluster)

beforeAll(async () => {
  plane = await startOwnPlane()
  cluster = plane.cluster
  const { controlPlane, kubectl, dir } = plane
  kueue = await startKueue({ controlPlane, kubectl, dir })
  await cluster.need(
    { apiVersion: QUEUE, kind: 'ResourceFlavor', metadata: { name: 'downloads' }, spec: FLAVOR },
    clusterQueue('Hold'),
    {
      apiVersion: QUEUE,
      kind: 'LocalQueue',
      metadata: { name: 'downloads' },
      spec: { clusterQueue: 'downloads' },
    },
  )
})

afterAll(async () => {
  await kueue?.stop()
  await plane?.[Symbol.asyncDispose]()
})

/** Kueue writes it into the template of each Job that it admits. */
const FLAVOR = { nodeLabels: { pool: 'downloads' } }

function clusterQueue(stopPolicy: 'Hold' | 'HoldAndDrain' | 'None'): object {
  const resources = [
    ['cpu', '100'],
    ['memory', '100Gi'],
    ['ephemeral-storage', '100Gi'],
  ].map(([name, nominalQuota]) => ({ name, nominalQuota }))
  const coveredResources = resources.map(({ name }) => name)
  return {
    apiVersion: QUEUE,
    kind: 'ClusterQueue',
    metadata: { name: 'downloads' },
    spec: {
      namespaceSelector: {},
      stopPolicy,
      resourceGroups: [{ coveredResources, flavors: [{ name: 'downloads', resources }] }],
    },
  }
}

const suspended = async (job: string) => (await get(`job/${job}`)).spec.suspend

test('a cache waits in a queue of Kueue, and is staged when its turn comes', async () => {
  const job = 'modelcache--queued'
  const hydration = { labels: { 'kueue.x-k8s.io/queue-name': 'downloads' } }
  await provision(job)
  await cluster.need(modelCache('queued', soundSpec({ ...inline, ...sized, hydration })))
  const { message } = await inPhase('queued', 'Hydrating', 'JobSuspended')
  expect(message).toContain('waits in queue "downloads" until Kueue resumes it')
  await eventually('a Workload', async () => {
    const { stdout } = await cluster.kubectl(['get', 'workloads', '-o', 'name'])
    return stdout.includes(job) || undefined
  })
  expect(await suspended(job)).toBe(true)

  await cluster.need(clusterQueue('None'))
  const first = await podOf(job)
  expect(await cluster.get(`pod/${first}`)).toMatchObject({ spec: { nodeSelector: { pool: 'downloads' } } })
  await run(first)
  await inPhase('queued', 'Hydrating', 'Hydrating')

  // Kueue needs the room for something else.
  await cluster.need(clusterQueue('HoldAndDrain'))
  await inPhase('queued', 'Hydrating', 'JobSuspended')
  expect(await suspended(job)).toBe(true)
  await cluster.kubectl(['delete', `pod/${first}`, '--force', '--grace-period=0'])

  await cluster.need(clusterQueue('None'))
  await end(await podOf(job, first), 0, report)
  await inPhase('queued', 'Ready', 'SnapshotComplete')
})
