import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LARGE_BYTES } from '../fetch/opened.ts'
import { aFile, aVolume, chunks, filesBelow, sha256 } from '../fixtures.ts'
import type { SourceFile } from '../sources/source.ts'
import { digestOf } from './digest.ts'
import { mayWriteDirectly } from './direct.ts'
import { findSnapshot } from './find.ts'
import { type Layout, layoutOf } from './layout.ts'
import { finishReveals } from './publish.ts'
import type { Volume } from './volume.ts'
import { openSnapshot } from './work.ts'

let dir: string
let layout: Layout
let volume: Volume
const never = new AbortController().signal
const HAS_DIRECT_IO = await mayWriteDirectly(tmpdir())
/** Large files are hashed on another thread. */
const LARGE = Buffer.alloc(LARGE_BYTES + 1_000_001, 'weights')

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-volume-'))
  layout = layoutOf(dir)
  volume = aVolume(dir, { writesDirectly: HAS_DIRECT_IO })
})
afterEach(() => rm(dir, { recursive: true }))

/** Writes a whole snapshot. */
async function written(files: readonly SourceFile[], identity = 'source') {
  const snapshot = await openSnapshot(volume, identity)
  try {
    for (const file of files) await snapshot.put(file, never)
    return await snapshot.complete({ identity, revision: 'r1' })
  } finally {
    await snapshot.close().catch(() => {})
  }
}

/** A file whose source breaks off after this many bytes. */
function breakingOff(path: string, content: Buffer, after: number): SourceFile {
  return aFile(path, content, {
    async open({ from }) {
      async function* some() {
        yield* chunks(content.subarray(from, after))
        throw new Error('connection lost')
      }
      return { from, content: some() }
    },
  })
}

describe('a snapshot', () => {
  test('is the tree of its files, read-only, with a manifest, and nothing is left of the work', async () => {
    const manifest = await written([aFile('config.json', '{}'), aFile('a/b/weights', 'x'.repeat(5_000))])
    expect(manifest.files.map(({ path }) => path)).toEqual(['a/b/weights', 'config.json'])
    const folder = layout.snapshot(manifest.digest)
    expect(await filesBelow(folder)).toEqual({ 'config.json': '{}', 'a/b/weights': 'x'.repeat(5_000) })
    for (const path of ['config.json', 'a/b/weights'])
      expect((await stat(join(folder, path))).mode & 0o777).toBe(0o444)
    for (const path of ['', 'a', 'a/b']) expect((await stat(join(folder, path))).mode & 0o777).toBe(0o755)
    expect(await filesBelow(layout.work)).toEqual({})
    expect(await findSnapshot(volume, 'source')).toEqual(manifest)
    expect(manifest.digest).toBe(digestOf(manifest.files))
  })

  test('has open folders whatever the umask', async () => {
    const before = process.umask(0o077)
    try {
      const { digest } = await written([aFile('a/b', 'x')])
      for (const path of ['', 'a'])
        expect((await stat(join(layout.snapshot(digest), path))).mode & 0o777).toBe(0o755)
      expect((await stat(join(dir, 'snapshots'))).mode & 0o777).toBe(0o755)
    } finally {
      process.umask(before)
    }
  })

  test('of the same content has the same digest, whatever it came from', async () => {
    const one = await written([aFile('a', '1'), aFile('b', '2')], 'one')
    const two = await written([aFile('b', '2'), aFile('a', '1')], 'two')
    expect(two.digest).toBe(one.digest)
    expect(await filesBelow(layout.snapshot(one.digest))).toEqual({ a: '1', b: '2' })
  })

  test('takes the place of a folder that a kubelet has made for a pod that was too early', async () => {
    const digest = digestOf([{ path: 'a', size: 1, sha256: sha256('1') }])
    await mkdir(join(layout.snapshot(digest), 'empty'), { recursive: true })
    await written([aFile('a', '1')])
    expect(await filesBelow(layout.snapshot(digest))).toEqual({ a: '1' })
  })

  test('is not found any more once a file of it is gone, or cut', async () => {
    const { digest } = await written([aFile('a', '1')])
    await rm(join(layout.snapshot(digest), 'a'))
    expect(await findSnapshot(volume, 'source')).toBeUndefined()
    await writeFile(join(layout.snapshot(digest), 'a'), '')
    expect(await findSnapshot(volume, 'source')).toBeUndefined()
  })
})

describe('a second run', () => {
  test('goes on where the first one broke off, from the last byte that is sure', async () => {
    const content = Buffer.alloc(200 * 1024 * 1024, 'weights')
    const first = await openSnapshot(volume, 'source')
    await first.put(aFile('small', 's'), never)
    await expect(first.put(breakingOff('large', content, 150 * 1024 * 1024), never)).rejects.toThrow('lost')
    await first.close()
    const [small, large] = [aFile('small', 's'), aFile('large', content)]
    const { files } = await written([small, large])
    expect(small.opened).toEqual([])
    expect(large.opened).toEqual([expect.any(Number)])
    expect(large.opened[0]).toBeGreaterThanOrEqual(128 * 1024 * 1024)
    expect(files).toContainEqual({ path: 'large', size: content.length, sha256: sha256(content) })
  })

  test('begins again with a file that is another one at its source now', async () => {
    const content = Buffer.alloc(100 * 1024 * 1024, 'old')
    const first = await openSnapshot(volume, 'source')
    await expect(first.put(breakingOff('f', content, 90 * 1024 * 1024), never)).rejects.toThrow('lost')
    await first.close()
    const next = aFile('f', 'new', { identity: 'v2' })
    const { digest } = await written([next])
    expect(next.opened).toEqual([0])
    expect(await filesBelow(layout.snapshot(digest))).toEqual({ f: 'new' })
  })

  test('begins at the front where the source cannot begin in the middle', async () => {
    const content = Buffer.alloc(100 * 1024 * 1024, 'x')
    const first = await openSnapshot(volume, 'source')
    await expect(first.put(breakingOff('f', content, 90 * 1024 * 1024), never)).rejects.toThrow('lost')
    await first.close()
    const whole = aFile('f', content, { open: async () => ({ from: 0, content: chunks(content, 1 << 20) }) })
    const { files } = await written([whole])
    expect(files[0]?.sha256).toBe(sha256(content))
  })

  test('completes what was killed between the rename and the manifest', async () => {
    const manifest = await written([aFile('a', '1')])
    await rm(layout.manifests, { recursive: true })
    const work = layout.workOf('killed')
    await mkdir(work, { recursive: true })
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest))
    await finishReveals(volume)
    expect(await findSnapshot(volume, 'source')).toEqual(manifest)
    expect(await filesBelow(layout.work)).toEqual({})
  })

  test('of another source removes the work for the first', async () => {
    const first = await openSnapshot(volume, 'first')
    await first.put(aFile('a', '1'), never)
    await first.close()
    await written([aFile('b', '2')], 'second')
    expect(await filesBelow(layout.work)).toEqual({})
  })
})

describe('a file is rejected', () => {
  const put = async (files: readonly SourceFile[], given: Partial<Volume> = {}) => {
    const snapshot = await openSnapshot({ ...volume, ...given }, 'source')
    try {
      for (const file of files) await snapshot.put(file, never)
    } finally {
      await snapshot.close()
    }
  }

  test.each([
    ['ChecksumMismatch', 'whose SHA-256 is another', aFile('f', 'x', { sha256: sha256('y') })],
    ['ChecksumMismatch', 'which is another git blob', aFile('f', 'x', { gitBlob: '0'.repeat(40) })],
    ['SourceChanged', 'which is longer than its source says', aFile('f', 'xx', { size: 1 })],
    ['SourceChanged', 'which is shorter', aFile('f', 'x', { size: 2 })],
    [
      'ChecksumMismatch',
      'that is large, and whose SHA-256 is another',
      aFile('f', LARGE, { sha256: sha256('y') }),
    ],
    ['SourceChanged', 'that is large, and one byte longer', aFile('f', LARGE, { size: LARGE.length - 1 })],
    ['SourceChanged', 'that is large, and one byte shorter', aFile('f', LARGE, { size: LARGE.length + 1 })],
    ['FileNameInvalid', 'whose name leads out of the tree', aFile('a/../../f', 'x')],
    ['FileNameInvalid', 'whose name is absolute', aFile('/etc/passwd', 'x')],
    ['FileNameInvalid', 'whose name has a control character', aFile('a\u001b', 'x')],
    ['FileNameInvalid', 'whose name is too long', aFile('a'.repeat(256), 'x')],
  ])('as %s: one %s', async (reason, _what, file) => {
    await expect(put([file])).rejects.toMatchObject({ reason })
    expect(await findSnapshot(volume, 'source')).toBeUndefined()
    expect(await stat(join(dir, 'snapshots')).catch(() => undefined)).toBeUndefined()
  })

  test('a git blob is known by its hash', async () => {
    // git hash-object, of "hello\n"
    await put([aFile('f', 'hello\n', { gitBlob: 'ce013625030ba8dba906f756967f9e9ca394464a' })])
  })

  test.each([
    ['two names that differ in case', 'a/README', 'a/readme', false, true],
    ['folders that differ in case', 'A/x', 'a/y', false, true],
    ['a file and a folder of one name', 'a', 'a/b', true, true],
    ['a folder and then a file of one name', 'a/b', 'a', true, true],
    ['one name twice', 'a', 'a', true, true],
    ['two names that differ in case, where the volume tells them apart', 'a/README', 'a/readme', true, false],
  ])('%s', async (_, one, other, caseSensitive, isRejected) => {
    const both = put([aFile(one, '1'), aFile(other, '2')], { caseSensitive })
    if (isRejected) await expect(both).rejects.toMatchObject({ reason: 'FileNamesCollide' })
    else await both
  })
})
