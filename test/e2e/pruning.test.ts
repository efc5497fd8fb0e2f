import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, modelCache, pod, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'
import { stepByStep } from './support/step-by-step.ts'
import { storedPod } from './support/stored-pod.ts'

const CLAIM = 'modelcache--llama'
const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map(digest) as [string, string, string]
const PRUNED = { snapshots: 1, files: 1, bytes: 17, seconds: 0.1 }

const digests = z.array(z.object({ digest: z.string() }))
const removal = z.object({ digests: z.array(z.string()) }).optional()

let cluster: Cluster
const { get, inPhase, provision, podOf, end } = stagingIn(() => cluster)

const statusOf = async () => {
  const { status = {} } = await get('modelcache/llama')
  return {
    ...status,
    known: digests.parse(status.snapshots).map(each => each.digest),
    going: removal.parse(status.removal)?.digests,
  }
}

/** Lets the running Job report a snapshot, and waits until the cache has it. */
async function stagedAs(found: string, but?: string): Promise<string> {
  const name = await podOf(CLAIM, but)
  await end(name, 0, { ...report, digest: found, path: snapshotPath(found) })
  await eventually(`snapshot ${found}`, async () => {
    const { status } = await get('modelcache/llama')
    return status?.resolvedDigest === found || undefined
  })
  return name
}

async function stagedAgainAs(found: string, but: string): Promise<string> {
  await cluster.kubectl(['annotate', 'modelcache/llama', '--overwrite', `modelplane.ai/refetch=${found}`])
  return stagedAs(found, but)
}

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  await provision(CLAIM)
})

describe('an old snapshot', () => {
  stepByStep()

  test('stays while a pod mounts it', async () => {
    await cluster.need(modelCache('llama', soundSpec({ ...inline, ...sized })))
    const first = await stagedAs(FIRST)
    await inPhase('llama', 'Ready')
    await cluster.need(pod({ name: 'reader', ...annotations('llama') }))
    const second = await stagedAgainAs(SECOND, first)
    await stagedAgainAs(THIRD, second)
    const { known, going } = await statusOf()
    expect([known, going]).toEqual([[FIRST, SECOND, THIRD], undefined])
  })

  test('is withdrawn when that pod is gone: no pod gets it any more', async () => {
    const reader = storedPod.parse(await cluster.get('pod/reader'))
    await cluster.kubectl(['delete', 'pod/reader', '--force', '--grace-period=0'])
    await eventually('its removal', async () => ((await statusOf()).going?.[0] === FIRST ? true : undefined))
    expect((await statusOf()).known).toEqual([SECOND, THIRD])
    const { metadata, spec } = reader
    const again = { name: 'again', annotations: metadata.annotations }
    const volumes = spec.volumes.filter(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)
    const containers = spec.containers.map(({ name, image, volumeMounts = [] }) => ({
      name,
      image,
      volumeMounts: volumeMounts.filter(({ mountPath }) => mountPath === '/mnt/model'),
    }))
    const { code, stderr } = await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: again,
      spec: { containers, volumes },
    })
    expect(code).toBe(1)
    expect(stderr).toContain(
      'MountPathConflict: container vllm mounts cache llama at /mnt/model from snapshot',
    )
  })

  test('goes by a Job, after a while, and the cache stays Ready', async () => {
    const job = await eventually('the Job', async () => {
      const { stdout } = await cluster.kubectl(['get', 'jobs', '-o', 'jsonpath={.items[*].metadata.name}'])
      return stdout.split(' ').find(name => name.startsWith(`${CLAIM}--`))
    })
    const { stdout } = await cluster.kubectl([
      'get',
      `job/${job}`,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].args}',
    ])
    expect(JSON.parse(stdout).slice(0, 4)).toEqual(['prune', '/volume', '--digests', FIRST])
    expect((await statusOf()).phase).toBe('Ready')
    await end(await podOf(job), 0, PRUNED)
    await eventually('nothing of it', async () => {
      const { stdout: jobs } = await cluster.kubectl(['get', 'jobs', '-o', 'name'])
      return ((await statusOf()).going === undefined && jobs === '') || undefined
    })
    const { known, phase } = await statusOf()
    expect([known, phase]).toEqual([[SECOND, THIRD], 'Ready'])
  })
})
