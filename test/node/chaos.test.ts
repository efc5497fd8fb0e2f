import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import {
  killContainer,
  killDaemon,
  killReplica,
  kubectl,
  NO_NODE,
  newNamespace,
  SYSTEM,
  sandbox,
  volumeFolder,
} from './support/cluster.ts'

// `make chaos MINUTES=10` sets this. In `make test` it is a minute.
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 60)
/** A cache begins about this often, so that there is always one under way. The node has few volumes. */
const CACHE_EVERY_MS = Math.max(12_000, (SECONDS * 1_000) / 30)
const LONGEST_PAUSE_MS = 6_000
const BYTES_PER_SECOND = 4 * 2 ** 20

vi.setConfig({ testTimeout: 2 * SECONDS * 1_000 + 1_200_000, hookTimeout: 600_000 })

const cacheSchema = z.object({
  status: z
    .looseObject({
      phase: z.string().optional(),
      resolvedDigest: z.string().optional(),
      filesStaged: z.number().optional(),
      bytesStaged: z.number().optional(),
      progress: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })).optional(),
    })
    .optional(),
})

describe.skipIf(NO_NODE)('whatever is killed, the end is that of an undisturbed run', () => {
  let cluster: Cluster
  let sources: Sources

  beforeAll(async () => {
    cluster = await newNamespace()
    sources = await startSources(sandbox(), {
      port: 7_750,
      bytesPerSecond: BYTES_PER_SECOND,
      shards: 3,
      shardMiB: 12,
    })
  })
  afterAll(() => sources?.[Symbol.asyncDispose]())

  const create = (name: string) =>
    eventually(`cache ${name}`, async () => {
      const source = { huggingFace: { repo: 'example/model', endpoint: sources.hub } }
      const storage = { pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } }
      const spec = {
        artifact: { source },
        mount: { path: '/mnt/model' },
        storage,
        hydration: { connections: 1 },
      }
      const applied = await cluster.apply(modelCache(name, spec))
      return applied.code === 0 || undefined
    })

  /** What a person sees of a cache, and what is on its volume, without names and times. */
  async function endOf(name: string) {
    const { status } = cacheSchema.parse(await cluster.get(`modelcache/${name}`))
    const volume = await volumeFolder(cluster, `modelcache--${name}`)
    return {
      phase: status?.phase,
      digest: status?.resolvedDigest,
      files: status?.filesStaged,
      bytes: status?.bytesStaged,
      progress: status?.progress,
      conditions: status?.conditions
        ?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
        .toSorted(),
      content: await contentOf(volume),
    }
  }
  /** It is Ready, and its Job and its pods are gone. */
  const isDone = async (name: string) => {
    const { stdout } = await cluster.kubectl(['get', `modelcache/${name}`, '-o', 'jsonpath={.status.phase}'])
    if (stdout !== 'Ready') return undefined
    const left = await cluster.kubectl(['get', 'jobs,pods', '-o', 'name'])
    return (left.code === 0 && !left.stdout.includes(`modelcache--${name}`)) || undefined
  }
  /** Waits longer than other tests do, because controllers back off after a kill. */
  const untilDone = async (name: string) => {
    for (let patience = 1; ; patience++)
      try {
        return await eventually(`${name} to be Ready, and its Job to be gone`, () => isDone(name))
      } catch (error) {
        if (patience === 4) throw error
      }
  }
  const podNow = async () => {
    const { stdout } = await cluster.kubectl([
      'get',
      'pods',
      '-o',
      'name',
      '--field-selector=status.phase=Running',
    ])
    return stdout.split('\n').find(line => line !== '')
  }

  const KILLS: Readonly<Record<string, () => Promise<unknown>>> = {
    'a replica of the controller': () => killReplica('controller'),
    'a replica of the webhook': () => killReplica('webhook'),
    'the hydrator': async () => killContainer(cluster, (await podNow())?.replace('pod/', '') ?? 'none'),
    'the pod of a Job': async () =>
      cluster.kubectl(['delete', (await podNow()) ?? 'pod/none', '--force', '--grace-period=0']),
    kubelet: () => killDaemon('kubelet'),
    containerd: () => killDaemon('containerd'),
    'the API server': () => killDaemon('kube-apiserver'),
  }

  test(`for ${SECONDS} s`, async () => {
    await create('quiet')
    await untilDone('quiet')
    const quiet = await endOf('quiet')
    expect(quiet).toMatchObject({ phase: 'Ready', files: expect.any(Number) })

    const caches: string[] = []
    const story: string[] = []
    const began = Date.now()
    for (let elapsed = 0; elapsed < SECONDS * 1_000; elapsed = Date.now() - began) {
      if (elapsed >= caches.length * CACHE_EVERY_MS) {
        caches.push(`chaos-${caches.length}`)
        await create(caches.at(-1) ?? '')
      }
      await pause(Math.random() * LONGEST_PAUSE_MS)
      const [what = '', kill] =
        Object.entries(KILLS)[Math.floor(Math.random() * Object.keys(KILLS).length)] ?? []
      story.push(`${((Date.now() - began) / 1000).toFixed(0)} s: ${what}`)
      // What is to be killed may be gone, or nobody can be asked because of an earlier kill.
      await kill?.().catch(() => undefined)
    }
    console.log(`killed\n  ${story.join('\n  ')}`)
    for (const name of caches) {
      await untilDone(name)
      expect(await endOf(name), story.join('\n')).toEqual(quiet)
    }
    // The files that run next need a cluster that works.
    for (const part of ['controller', 'webhook'])
      await eventually(`the ${part}`, async () => {
        const args = ['rollout', 'status', `deployment/modelcache-${part}`, '-n', SYSTEM, '--timeout=30s']
        return (await kubectl(args)).code === 0 || undefined
      })
  })
})

/** The sums of all files below a folder, by their paths. Nothing else may be there. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    files
      .toSorted()
      .map(file => [
        file.slice(folder.length).replace(/\.\d{10,}/, ''),
        file.includes('/snapshots/') ? createHash('sha256').update(readFileSync(file)).digest('hex') : '',
      ]),
  )
}
