import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import { digestOf } from '../../src/hydrate/volume/digest.ts'
import { type Hub, serveHub } from '../sources/hub.ts'
import { writeModel } from '../sources/model.ts'
import { digestedBelow } from './support/digested-below.ts'
import { manifestOf, startHydrate } from './support/run-hydrate.ts'
import type { Ended } from './support/run-modelcache.ts'

const ROUNDS = 2

let models: string
let volume: string
let hub: Hub
/** Takes a minute and a half for a model. */
let slowHub: Hub

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'modelcache-models-'))
  for (const [name, seed] of [
    ['one', 1],
    ['two', 2],
  ] as const)
    await writeModel(join(models, name), { shards: 2, shardMiB: 3 + seed })
  const repos = {
    'example/one': { folder: join(models, 'one') },
    'example/two': { folder: join(models, 'two') },
  }
  hub = await serveHub({ repos, bytesPerSecond: 3 * 2 ** 20 })
  slowHub = await serveHub({ repos, bytesPerSecond: 50_000 })
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await slowHub[Symbol.asyncDispose]()
  await rm(models, { recursive: true, force: true })
})
beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'modelcache-volume-'))
})
afterEach(() => rm(volume, { recursive: true, force: true }))

const start = (repo: string, from = hub) =>
  startHydrate(manifestOf({ huggingFace: { repo, endpoint: from.url } }), ['--into', volume])

const written = async () => Object.keys(await filesBelow(volume)).join()

/** Whoever reported a digest must have told the truth. */
async function isTrue({ code, last }: Ended): Promise<void> {
  if (code !== 0) return
  expect(digestOf(await digestedBelow(join(volume, String(last.path))))).toBe(last.digest)
}

test.each([
  ['one source', 'example/one'],
  ['two sources', 'example/two'],
])('of two hydrators of %s on one volume, nobody reports what is not there', async (_, other) => {
  for (let round = 0; round < ROUNDS; round++) {
    const both = await Promise.all([start('example/one').done, start(other).done])
    for (const one of both) await isTrue(one)
    const codes = both.map(({ code }) => code).toSorted()
    // The second one may come when the first one is done.
    expect([
      [0, 75],
      [0, 0],
    ]).toContainEqual(codes)
    await rm(volume, { recursive: true, force: true })
  }
})

test('a second hydrator is turned away while the first one writes', async () => {
  const first = start('example/one', slowHub)
  await expect.poll(written, { timeout: 60_000 }).toMatch(/tree\//)
  expect(await start('example/two').done).toMatchObject({
    code: 75,
    last: {
      reason: 'VolumeBusy',
      message: expect.stringMatching(/another process writes to this volume \(process \d+ on .+\)/),
    },
  })
  first.child.kill('SIGTERM')
  expect(await first.done).toMatchObject({ code: 75, last: { reason: 'Interrupted' } })
})

test('a hydrator that was asleep while another one took over does not write any more', async () => {
  const sleeper = start('example/one', slowHub)
  await expect
    .poll(async () => Object.keys(await filesBelow(volume)).join(), { timeout: 60_000 })
    .toMatch(/tree\//)
  sleeper.child.kill('SIGSTOP')
  const second = await start('example/two').done
  expect(second).toMatchObject({ code: 0 })
  sleeper.child.kill('SIGCONT')
  expect(await sleeper.done).toMatchObject({ code: 75, last: { reason: 'VolumeBusy' } })
  await isTrue(second)
  expect(Object.keys(await filesBelow(volume)).filter(path => path.includes('/work/'))).toEqual([])
})
