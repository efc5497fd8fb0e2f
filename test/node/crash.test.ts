import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import {
  killContainer,
  killReplica,
  NO_NODE,
  newNamespace,
  sandbox,
  volumeFolder,
} from './support/cluster.ts'

// `make crash N=200` kills a tenth of that here. In `make test` it is a sample.
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 3)
/** A shard arrives within a second or two. */
const SHARD_MIB = 12
const BYTES_PER_SECOND = 8 * 2 ** 20

vi.setConfig({ testTimeout: 120_000 + ROUNDS * 120_000 })

const pods = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) })

describe.skipIf(NO_NODE)('after a kill at a random moment', () => {
  let cluster: Cluster
  let sources: Sources

  beforeAll(async () => {
    cluster = await newNamespace()
    sources = await startSources(sandbox(), {
      port: 7_700,
      bytesPerSecond: BYTES_PER_SECOND,
      shards: 3,
      shardMiB: SHARD_MIB,
    })
  }, 120_000)
  afterAll(() => sources?.[Symbol.asyncDispose]())

  const podNow = async (cache: string) => {
    const { items } = pods.parse(await cluster.get('pods'))
    return items
      .map(({ metadata }) => metadata.name)
      .findLast(name => name.startsWith(`modelcache--${cache}-`))
  }
  const podOf = (cache: string) => eventually(`the pod of ${cache}`, () => podNow(cache))
  /** Does so to the pod, unless its work is done meanwhile. */
  const toPod = async (cache: string, work: (pod: string) => Promise<unknown>) => {
    const pod = await podNow(cache)
    if (pod !== undefined) await work(pod)
  }

  const KILLS: readonly [what: string, kill: (cache: string) => Promise<unknown>][] = [
    ['the process of the hydrator', cache => toPod(cache, pod => killContainer(cluster, pod))],
    [
      'the pod of the Job',
      cache => toPod(cache, pod => cluster.kubectl(['delete', `pod/${pod}`, '--force', '--grace-period=0'])),
    ],
    ['a replica of the controller', () => killReplica('controller')],
  ]

  /** The SHA-256 of the shards in every snapshot of a volume. */
  async function sumsIn(volume: string): Promise<Record<string, string>[]> {
    const names = await readdir(join(volume, 'snapshots')).catch(() => [])
    return Promise.all(
      names.map(async name => {
        const folder = join(volume, 'snapshots', name)
        const files = (await readdir(folder)).filter(file => file.endsWith('.safetensors'))
        return Object.fromEntries(
          await Promise.all(files.map(async file => [file, await sha256(join(folder, file))] as const)),
        )
      }),
    )
  }

  test.each(Array.from({ length: ROUNDS }, (_, round) => [round, KILLS[round % KILLS.length]?.[0]] as const))(
    'round %i, of %s, the cache is whole and never half there',
    async round => {
      const [what, kill] = KILLS[round % KILLS.length] ?? []
      const name = `crash-${round}`
      const source = { huggingFace: { repo: 'example/model', endpoint: sources.hub } }
      await cluster.need(
        modelCache(name, {
          artifact: { source },
          mount: { path: '/mnt/model' },
          storage: { pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
          // Slow enough that a kill comes in the middle.
          hydration: { connections: 1 },
        }),
      )
      await podOf(name)
      const after = Math.random() * 8_000
      await pause(after)
      await kill?.(name)
      const volume = await eventually('the volume', () =>
        volumeFolder(cluster, `modelcache--${name}`).catch(() => undefined),
      )
      const moment = `${what} after ${after.toFixed(0)} ms`
      await eventually(`Ready, after the kill of ${moment}`, async () => {
        // Whatever is visible is complete.
        for (const sums of await sumsIn(volume)) expect(sums, moment).toEqual(sources.sums)
        const { stdout } = await cluster.kubectl([
          ...['get', `modelcache/${name}`, '-o', 'jsonpath={.status.phase}'],
        ])
        return stdout === 'Ready' || undefined
      })
      expect(await sumsIn(volume)).toEqual([sources.sums])
      const { code, stderr } = await cluster.kubectl(['delete', `modelcache/${name}`, '--timeout=180s'])
      expect(code, stderr).toBe(0)
    },
  )
})

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
