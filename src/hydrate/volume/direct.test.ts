import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { alignedMemory } from './aligned-memory.ts'
import { mayWriteDirectly, openDirect, PAGE_BYTES, writeAt } from './direct.ts'
import { layoutOf } from './layout.ts'
import { makeOwnFolder, probe } from './probe.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-direct-'))
})
afterEach(() => rm(dir, { recursive: true }))

const hasDirectIO = await mayWriteDirectly(tmpdir())

test.each([
  ['whole pages', 2 * PAGE_BYTES, 4 * PAGE_BYTES],
  ['the end of a file', 2 * PAGE_BYTES, 2 * PAGE_BYTES + 100],
  ['from the middle of a page', PAGE_BYTES + 7, 3 * PAGE_BYTES],
  ['up to the middle of a page', PAGE_BYTES + 7, 2 * PAGE_BYTES + 100],
  ['less than a page', 7, 100],
  ['nothing', 7, 7],
])('%s, written directly or not, is in the file, and nothing else has changed', async (_, from, to) => {
  const before = randomBytes(5 * PAGE_BYTES)
  const more = randomBytes(to - from)
  const expected = Buffer.from(before)
  more.copy(expected, from)
  const memory = Buffer.from(alignedMemory(6 * PAGE_BYTES))
  const bytes = memory.subarray(from % PAGE_BYTES, (from % PAGE_BYTES) + more.length)
  bytes.set(more)
  for (const isDirect of hasDirectIO ? [true, false] : [false]) {
    const path = join(dir, String(isDirect))
    await using handle = await open(path, 'wx+')
    await handle.write(before)
    const direct = isDirect ? await openDirect(path) : undefined
    await writeAt({ handle, direct }, bytes, from)
    await direct?.close()
    expect((await readFile(path)).equals(expected)).toBe(true)
  }
})

test('the probe of a volume finds out whether it has direct I/O', async () => {
  const layout = layoutOf(dir)
  await makeOwnFolder(layout)
  expect(await probe(layout)).toMatchObject({ writesDirectly: hasDirectIO })
})
