import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HydrationError } from '../failure.ts'
import { type Owner, ownVolume } from './owner.ts'

/** A dead owner is noticed late, so that a slow machine does not look like one. */
const FAST = { beat: 20, lease: 40, stale: 2_000 }
const NEVER = new AbortController().signal
const BUSY = expect.objectContaining({ reason: 'VolumeBusy' })
/** What a machine that is gone has left. */
const OF_ANOTHER = `${JSON.stringify({ id: 'x', host: 'gone', pid: 1, space: 'elsewhere' })}\n 7\n`

let dir: string
let path: string
const owners: Owner[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-owner-'))
  path = join(dir, 'owner')
})
afterEach(async () => {
  for (const owner of owners.splice(0)) await owner.release()
  await rm(dir, { recursive: true })
})

async function own(): Promise<Owner> {
  const owner = await ownVolume(dir, NEVER, { timing: FAST })
  owners.push(owner)
  return owner
}

test('a second writer is turned away while the first one lives, and welcome afterwards', async () => {
  const first = await own()
  await expect(own()).rejects.toThrow(/another process writes to this volume \(process \d+ on .+\)/)
  await first.confirm()
  await first.release()
  await (await own()).confirm()
})

test('nothing is left behind', async () => {
  await (await own()).release()
  await expect(readFile(path)).rejects.toThrow('ENOENT')
})

test.each([
  ['of another machine whose counter stands still', OF_ANOTHER],
  ['that was killed while it wrote its name', '{"id":'],
])('the volume of an owner %s is taken over', async (_, text) => {
  await writeFile(path, text)
  await (await own()).confirm()
})

test('the volume of a killed process of this machine is taken over at once', async () => {
  const script = `import { ownVolume } from '${import.meta.dirname}/owner.ts'
await ownVolume(process.argv[1], new AbortController().signal)
console.log('owned')
setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const hours = 3_600_000
  const owner = await ownVolume(dir, AbortSignal.timeout(60_000), { timing: { ...FAST, stale: hours } })
  await owner.release()
})

test('an owner that was taken over notices it, and leaves the volume to the other', async () => {
  const owner = await own()
  await rm(path)
  await writeFile(path, OF_ANOTHER)
  await expect
    .poll(() =>
      owner.confirm().then(
        () => 'own',
        error => error,
      ),
    )
    .toEqual(BUSY)
  await owner.release()
  expect(await readFile(path, 'utf8')).toBe(OF_ANOTHER)
})

test('of several that take over at once, one has the volume at most', async () => {
  for (let round = 0; round < 10; round++) {
    await writeFile(path, OF_ANOTHER)
    const tried = await Promise.allSettled(
      [1, 2, 3, 4].map(() => ownVolume(dir, NEVER, { timing: { ...FAST, stale: 60 } })),
    )
    const winners: Owner[] = []
    for (const result of tried) {
      if (result.status === 'fulfilled') winners.push(result.value)
      else expect(result.reason).toBeInstanceOf(HydrationError)
    }
    const look = (owner: Owner) =>
      owner.confirm().then(
        () => 1,
        () => 0,
      )
    await new Promise(resolve => setTimeout(resolve, 3 * FAST.lease))
    const sure = await Promise.all(winners.map(look))
    expect(sure.reduce<number>((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1)
    for (const owner of winners) await owner.release()
    await rm(path, { force: true })
  }
})
