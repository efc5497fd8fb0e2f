import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pruneReport } from '../../src/api/hydration-report.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'
import { run } from './support/run-modelcache.ts'

let volume: string
beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'modelcache-prune-'))
})
afterEach(() => rm(volume, { recursive: true, force: true }))

async function staged(text: string): Promise<string> {
  const { last } = await hydrate(manifestOf({ inline: { files: { 'a.txt': text } } }), ['--into', volume])
  return String(last.digest)
}
const prune = (...args: string[]) => run(['prune', volume, ...args])

test('old snapshots go, with what says that they are complete, and the others stay', async () => {
  const [one, two, three] = [await staged('one'), await staged('two'), await staged('three')]
  const { code, last, lines } = await prune('--digests', `${one},${two}`)
  expect(code).toBe(0)
  expect(pruneReport.parse(last)).toMatchObject({ snapshots: 2, files: 2 })
  expect(lines[0]).toMatch(new RegExp(`^${one} is removed: `))
  expect(await readdir(join(volume, 'snapshots'))).toEqual([three.replace(':', '-')])
  expect(await run(['verify', volume])).toMatchObject({ code: 0, last: { snapshots: 1, digest: three } })
  expect((await prune('--digests', one)).last).toMatchObject({ snapshots: 0, bytes: 0 })
})

test('one that was removed is staged again from its source', async () => {
  const digest = await staged('one')
  await prune('--digests', digest)
  expect(await staged('one')).toBe(digest)
  expect(await run(['verify', volume])).toMatchObject({ code: 0 })
})

test.each([[[]], [['--digests', 'sha256:1']], [['--digests', '']]])('wrong usage: %j', async args => {
  expect((await prune(...args)).code).toBe(2)
})
