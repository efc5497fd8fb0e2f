import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { newCounts } from '../../src/hydrate/progress.ts'
import { type Hub, type HubOptions, serveHub } from '../sources/hub.ts'
import { writeModel } from '../sources/model.ts'
import { digestedBelow } from './support/digested-below.ts'
import { manifestOf, startHydrate } from './support/run-hydrate.ts'
import { stage } from './support/stage-in-process.ts'

// Files so large that their parts come side by side.

vi.setConfig({ testTimeout: 300_000 })

const SHARD_MIB = 200
const SIZE = SHARD_MIB * 2 ** 20
const PART = 32 * 2 ** 20
const NAME = 'model-00001-of-00001.safetensors'

let model: string
let sum: string
let volume: string
const hubs: Hub[] = []

beforeAll(async () => {
  model = await mkdtemp(join(tmpdir(), 'modelcache-model-'))
  sum = (await writeModel(model, { shards: 1, shardMiB: SHARD_MIB }))[NAME] ?? ''
})
afterAll(() => rm(model, { recursive: true, force: true }))
beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'modelcache-parts-'))
})
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub[Symbol.asyncDispose]()
  await rm(volume, { recursive: true, force: true })
})

async function serve(options: Partial<HubOptions> = {}): Promise<Hub> {
  const hub = await serveHub({ repos: { 'a/b': { folder: model } }, ...options })
  hubs.push(hub)
  return hub
}

const stageHub = (hub: Hub, given: Partial<Parameters<typeof stage>[2]> = {}) =>
  stage(
    volume,
    { huggingFace: { repo: 'a/b', revision: 'main', endpoint: hub.url } },
    { claimUID: 'uid-of-the-claim', ...given },
  )

/** The parts of the large file that were asked for. */
const rangesOf = (hub: Hub) => hub.requests.flatMap(({ isBlob, range }) => (isBlob ? [range ?? 'all'] : []))

/** Holds the large file against what another program wrote. */
async function isWhole(path: string): Promise<void> {
  const files = await digestedBelow(join(volume, path))
  expect(files.find(file => file.path === NAME)).toEqual({ path: NAME, size: SIZE, sha256: sum })
}

test('each part is asked for, several at a time, and the hub once for all of them', async () => {
  const hub = await serve()
  const counts = newCounts()
  const { path } = await stageHub(hub, { connections: 4, counts })
  await isWhole(path)
  const parts = Math.ceil(SIZE / PART)
  const expected = Array.from(
    { length: parts },
    (_, index) => `bytes=${index * PART}-${Math.min(SIZE, (index + 1) * PART) - 1}`,
  )
  // On a slow machine, the last ones are split.
  expect(rangesOf(hub)).toEqual(expect.arrayContaining(expected))
  const asked = hub.requests.filter(({ path, isBlob }) => !isBlob && path.endsWith(NAME))
  // Those that begin at once do not know yet where it leads to.
  expect(asked.length).toBeLessThanOrEqual(4)
  expect(counts).toMatchObject({ files: 6, filesTotal: 6, bytes: counts.bytesTotal })
})

test('a connection that breaks goes on where it was', async () => {
  const hub = await serve({ breakAfter: [1_000_000, 20_000_000, 5_000] })
  await isWhole((await stageHub(hub, { connections: 1 })).path)
  expect(hub.sent()).toBeLessThan(1.1 * SIZE)
})

test('a run that is aborted notes what is there, and the next one fetches the rest', async () => {
  const slow = await serve({ bytesPerSecond: 30 * 2 ** 20 })
  const stop = new AbortController()
  const counts = newCounts()
  const first = stageHub(slow, { connections: 3, counts, signal: stop.signal })
  first.catch(() => {})
  await expect.poll(() => counts.bytes, { timeout: 60_000 }).toBeGreaterThan(SIZE / 3)
  stop.abort(new Error('stop'))
  await expect(first).rejects.toThrow('stop')
  const hub = await serve()
  const next = newCounts()
  // One connection, because a part that is split has sent more than is used.
  await isWhole((await stageHub(hub, { counts: next, connections: 1 })).path)
  expect(hub.sent()).toBeLessThan(SIZE - SIZE / 3 + 2 ** 20)
  expect(next.bytes).toBe(next.bytesTotal)
})

test('SIGTERM ends the run with what is there noted', async () => {
  const slow = await serve({ bytesPerSecond: 20 * 2 ** 20 })
  const manifest = (hub: Hub) => manifestOf({ huggingFace: { repo: 'a/b', endpoint: hub.url } })
  const { child, done } = startHydrate(manifest(slow), ['--into', volume, '--connections', '2'])
  await expect.poll(() => slow.sent(), { timeout: 60_000 }).toBeGreaterThan(SIZE / 4)
  child.kill('SIGTERM')
  expect(await done).toMatchObject({ code: 75, last: { reason: 'Interrupted' } })
  const hub = await serve()
  const { code, last } = await startHydrate(manifest(hub), ['--into', volume, '--connections', '1']).done
  expect(code).toBe(0)
  await isWhole(String(last.path))
  expect(hub.sent()).toBeLessThan(SIZE - SIZE / 8)
})

test('a source that has no ranges after all is fetched in one piece', async () => {
  const hub = await serve({ hasRanges: false })
  await isWhole((await stageHub(hub)).path)
})

test('parts that do not make the whole are thrown away, and the file is fetched in one piece', async () => {
  const hub = await serve({ flipOnce: PART + 7 })
  await isWhole((await stageHub(hub)).path)
  expect(rangesOf(hub)).toContain('all')
})
