import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { stepByStep } from './support/step-by-step.ts'

const CLAIM = 'modelcache--weights'
const GANG = 'leaderworkerset.sigs.k8s.io/name=z-gang'
const NEWER = `sha256:${'b'.repeat(64)}`

let cluster: Cluster
beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, pausedCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(CLAIM))
})

const containers = [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0' }]

/** A Deployment with a pod, and what its author says about restarts. */
const deployment = (name: string, rollout?: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, ...(rollout !== undefined && { annotations: { 'modelplane.ai/rollout': rollout } }) },
  spec: {
    replicas: 1,
    // Its new pod comes at once, and is not ready before this test says so.
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name }, ...annotations('weights') }, spec: { containers } },
  },
})
const gang = {
  apiVersion: 'leaderworkerset.x-k8s.io/v1',
  kind: 'LeaderWorkerSet',
  metadata: { name: 'z-gang', annotations: { 'modelplane.ai/rollout': 'true' } },
  spec: {
    replicas: 1,
    leaderWorkerTemplate: {
      size: 2,
      workerTemplate: { metadata: annotations('weights'), spec: { containers } },
    },
  },
}

const pods = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string(),
        deletionTimestamp: z.string().optional(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    }),
  ),
})

/** The digests that the pods of a workload have. Those that are going do not count. */
async function digestsOf(label: string): Promise<string[]> {
  const [key = '', value] = label.split('=')
  const { items } = pods.parse(await cluster.get('pods'))
  return items
    .filter(({ metadata }) => metadata.labels[key] === value && metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.annotations['modelplane.ai/injected'] ?? '')
}

/** Says what a kubelet would about all pods. */
async function runPods(): Promise<void> {
  const { items } = pods.parse(await cluster.get('pods'))
  const now = new Date().toISOString()
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
  }
  for (const { metadata } of items)
    await cluster.kubectl([
      'patch',
      `pod/${metadata.name}`,
      '--subresource=status',
      '-p',
      JSON.stringify({ status }),
    ])
}

const becomes = (label: string, digest: string, count = 1) =>
  eventually(`${label} with ${digest.slice(0, 12)}`, async () => {
    const found = await digestsOf(label)
    return (found.length === count && found.every(each => each === `weights=${digest}`)) || undefined
  })

describe('when the digest of a cache changes', () => {
  stepByStep()
  let before: string

  test('workloads have what was Ready when they came', async () => {
    await cluster.need(deployment('a', 'true'), deployment('b', 'true'), deployment('quiet'), gang)
    await Promise.all(
      ['app=a', 'app=b', 'app=quiet'].map(label =>
        eventually('a pod', async () => (await digestsOf(label)).length === 1 || undefined),
      ),
    )
    before = (await digestsOf('app=a'))[0]?.replace('weights=', '') ?? ''
    await eventually('a leader', async () => (await digestsOf(GANG)).length > 0 || undefined)
    await runPods()
    await becomes(GANG, before, 2)
    await runPods()
  })

  test('one that asks for it restarts, and the next one waits until its pods are ready', async () => {
    await cluster.setStatus('modelcache/weights', { ...readyStatus(CLAIM), resolvedDigest: NEWER })
    await becomes('app=a', NEWER)
    expect(await digestsOf('app=b')).toEqual([`weights=${before}`])
    await runPods()
    await becomes('app=b', NEWER)
    await runPods()
  })

  test('a gang restarts as a whole, and one that does not ask keeps what it has', async () => {
    await eventually('the new gang', async () => {
      await runPods()
      const found = await digestsOf(GANG)
      return (found.length === 2 && found.every(each => each === `weights=${NEWER}`)) || undefined
    })
    expect(await digestsOf('app=quiet')).toEqual([`weights=${before}`])
    const { stdout } = await cluster.kubectl(['describe', 'deployment/a'])
    expect(stdout).toMatch(/RestartedForCache .*ModelCache weights has sha256:b/)
  })
})

test.each<[what: string, change: object, isAllowed: boolean]>([
  ['the annotation that restarts pods', marked({ 'modelplane.ai/rolled-out': 'x' }), true],
  ['another annotation of pods', marked({ other: 'x' }), false],
  ['a container', { spec: { template: { spec: { serviceAccountName: 'other' } } } }, false],
  ['the number of pods', { spec: { replicas: 3 } }, false],
  ['its own annotations', { metadata: { annotations: { other: 'x' } } }, false],
])('the token of the controller and %s of a Deployment that others made', async (_, change, isAllowed) => {
  const user = 'system:serviceaccount:modelcache-system:modelcache-controller'
  const args = ['patch', 'deployment/quiet', '--type=merge', '-p', JSON.stringify(change), `--as=${user}`]
  const { stderr } = await cluster.kubectl([...args, '--dry-run=server'])
  expect(stderr).toMatch(isAllowed ? /^$/ : /ControllerLimited: /)
})

function marked(annotations: object): object {
  return { spec: { template: { metadata: { annotations } } } }
}
