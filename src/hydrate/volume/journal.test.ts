import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openJournal } from './journal.ts'

let dir: string
let path: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-journal-'))
  path = join(dir, 'journal')
})
afterEach(() => rm(dir, { recursive: true }))

const HALF = {
  ranges: [
    [0, 5],
    [7, 9],
  ] as [number, number][],
  identity: 'etag',
  sha256: undefined,
}
const WHOLE = { ranges: [[0, 9]] as [number, number][], identity: 'etag', sha256: 'ab' }

async function reopened(...files: string[]) {
  const journal = await openJournal(path)
  const states = files.map(file => journal.state(file))
  await journal.close()
  return states
}

test('what was recorded is known to the next run, the last word on each file', async () => {
  const journal = await openJournal(path)
  await journal.record('a', HALF)
  await journal.record('b', HALF)
  await journal.record('a', WHOLE)
  expect([journal.state('a'), journal.state('b')]).toEqual([undefined, HALF])
  await journal.close()
  expect(await reopened('a', 'b', 'c')).toEqual([WHOLE, HALF, undefined])
})

test('a kill at any byte loses the line that was being written, and no other', async () => {
  const journal = await openJournal(path)
  await journal.record('a', WHOLE)
  const { length } = await readFile(path)
  await journal.record('b', WHOLE)
  await journal.close()
  const text = await readFile(path)
  for (let cut = length; cut < text.length; cut++) {
    await writeFile(path, text)
    await truncate(path, cut)
    expect(await reopened('a', 'b')).toEqual([WHOLE, undefined])
    // A new entry must not continue the torn line.
    const next = await openJournal(path)
    await next.record('c', HALF)
    await next.close()
    expect(await reopened('a', 'b', 'c')).toEqual([WHOLE, undefined, HALF])
  }
})

test.each([
  ['no JSON', 'hello\n'],
  ['another shape', '{"path":"b"}\n'],
  ['zeros, as after a loss of power', `${'\0'.repeat(64)}\n`],
])('a line that is %s says nothing, and neither does what follows', async (_, line) => {
  const journal = await openJournal(path)
  await journal.record('a', WHOLE)
  await journal.close()
  await appendFile(path, `${line}${JSON.stringify({ path: 'b', ...WHOLE })}\n`)
  expect(await reopened('a', 'b')).toEqual([WHOLE, undefined])
})
