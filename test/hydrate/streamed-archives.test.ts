import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { sha256 } from '../../src/hydrate/fixtures.ts'
import { type Counts, newCounts } from '../../src/hydrate/progress.ts'
import type { Page, Web } from '../sources/web.ts'
import { type TarContent, tarOf, zipOf } from './support/archives.ts'
import { failureOf, stage } from './support/stage-in-process.ts'
import { useWebs } from './support/use-webs.ts'

// Archives are unpacked while they come. What the archive has is what must be there, whatever comes between.

vi.setConfig({ testTimeout: 60_000 })

const MIB = 2 ** 20
const LARGE = randomBytes(80 * MIB)
const SMALL = { 'config.json': Buffer.from('{}'), 'a/b/tokenizer.json': randomBytes(1_000) }
const FILES = {
  ...SMALL,
  'weights.bin': LARGE,
  'more.bin': randomBytes(3 * MIB),
  'last.txt': Buffer.from('x'),
}

const at = useWebs()
const archives = new Map<string, Buffer>()
afterAll(() => archives.clear())

async function archive(name: string): Promise<Buffer> {
  const known = archives.get(name)
  if (known !== undefined) return known
  const made = name.endsWith('.zip')
    ? zipOf(FILES, { deflate: name === 'deflated.zip' })
    : await tarOf(Object.entries(FILES))
  const whole = name.endsWith('.gz') ? gzipSync(made, { level: 1 }) : made
  archives.set(name, whole)
  return whole
}

async function served(name: string, page: Page & { body: Buffer }): Promise<Web & { source: string }> {
  const web = await at.web({ [`/${name}`]: { etag: '"v1"', ...page } })
  return { ...web, source: `${web.url}/${name}` }
}

async function hashesIn(path: string): Promise<Record<string, string>> {
  const found = await readdir(path, { recursive: true, withFileTypes: true })
  const files = found.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const hashes = files.map(async file => [file.slice(path.length + 1), sha256(await readFile(file))] as const)
  return Object.fromEntries(await Promise.all(hashes))
}

const hashesOf = (files: Record<string, Buffer>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]))

describe.each(['plain.tar', 'packed.tar.gz', 'stored.zip', 'deflated.zip'])('%s', name => {
  test.each<[string, { isPinned: boolean; ranges?: boolean }]>([
    ['with its SHA-256', { isPinned: true }],
    ['without', { isPinned: false }],
    ['from a server without ranges', { isPinned: false, ranges: false }],
  ])('comes out as it went in, %s', async (_, { isPinned, ranges = true }) => {
    const body = await archive(name)
    const { source } = await served(name, { body, ranges })
    const counts = newCounts()
    const http = { url: source, ...(isPinned && { sha256: sha256(body) }) }
    const { path, files } = await stage(at.dir, { http }, { counts })
    expect(await hashesIn(join(at.dir, path))).toEqual(hashesOf(FILES))
    expect(files).toBe(5)
    expect(counts).toMatchObject({ bytesTotal: body.length, bytes: body.length, files: 5 })
  })

  test('takes no more room than its files, where the server gives ranges', async () => {
    const { source } = await served(name, { body: await archive(name) })
    const maxBytes = Object.values(FILES).reduce((sum, { length }) => sum + length, MIB)
    await stage(at.dir, { http: { url: source } }, { maxBytes })
  })

  test('that was damaged on its way is fetched again', async () => {
    const body = await archive(name)
    // Within the large file, where only checksums see it.
    const { source } = await served(name, { body, flips: [40 * MIB] })
    const { path } = await stage(at.dir, { http: { url: source, sha256: sha256(body) } })
    expect(await hashesIn(join(at.dir, path))).toEqual(hashesOf(FILES))
  })

  test('with another SHA-256 is a mismatch', async () => {
    const body = await archive(name)
    const { source } = await served(name, { body })
    const { reason, message } = await failureOf(
      stage(at.dir, { http: { url: source, sha256: 'ab'.repeat(32) } }),
    )
    expect({ reason, message }).toEqual({
      reason: 'ChecksumMismatch',
      message: expect.stringContaining(
        `has SHA-256 ${sha256(body)}, but the ModelCache says ${'ab'.repeat(32)}`,
      ),
    })
  })

  test('that comes damaged in another way each time is the fault of what lies between', async () => {
    const body = await archive(name)
    const { source } = await served(name, { body, flips: [40 * MIB, 50 * MIB] })
    const { reason } = await failureOf(stage(at.dir, { http: { url: source, sha256: 'ab'.repeat(32) } }))
    expect(reason).toBe('SourceUnavailable')
  })

  test.each([
    ['with its SHA-256', true],
    ['without', false],
  ])('goes on where an earlier run was interrupted, %s', async (_, isPinned) => {
    const body = await archive(name)
    const { source, sent } = await served(name, { body })
    const http = { url: source, ...(isPinned && { sha256: sha256(body) }) }
    const interrupt = new AbortController()
    const counts = interrupting(82 * MIB, interrupt)
    const options = { counts, claimUID: 'uid', connections: 2, signal: interrupt.signal }
    await expect(stage(at.dir, { http }, options)).rejects.toThrow('interrupted')
    const before = sent()
    const { path } = await stage(at.dir, { http }, { claimUID: 'uid', connections: 2 })
    expect(await hashesIn(join(at.dir, path))).toEqual(hashesOf(FILES))
    // The large file need not come again, unless it must be decompressed.
    const isSkipped = ['plain.tar', 'stored.zip'].includes(name) || (name === 'deflated.zip' && !isPinned)
    const again = isSkipped ? 20 * MIB : body.length + MIB
    expect(sent() - before).toBeLessThan(again)
  })
})

/** Counts that interrupt the work once so many bytes came. */
function interrupting(after: number, interrupt: AbortController): Counts {
  let bytes = 0
  return Object.defineProperty(newCounts(), 'bytes', {
    get: () => bytes,
    set(value: number) {
      bytes = value
      if (bytes > after) interrupt.abort(new Error('interrupted'))
    },
  })
}

describe('links', () => {
  const WEIGHTS = Buffer.alloc(2 * MIB, 'weights ')

  const stageTar = async (entries: readonly (readonly [string, TarContent])[]) => {
    const { source } = await served('model.tar', { body: await tarOf(entries) })
    return stage(at.dir, { http: { url: source } })
  }

  test('become the bytes of the file that they lead to, forwards, backwards and through other links', async () => {
    const { path } = await stageTar([
      ['snapshots/main/model.bin', { link: '../../blobs/abc' }],
      ['blobs/abc', WEIGHTS],
      ['hard.bin', { link: 'blobs/abc', type: 'link' }],
      ['again.bin', { link: './snapshots/main/model.bin' }],
      ['blobs/config', '{}'],
      ['config.json', { link: 'blobs/config' }],
    ])
    expect(await hashesIn(join(at.dir, path))).toEqual(
      hashesOf({
        'snapshots/main/model.bin': WEIGHTS,
        'blobs/abc': WEIGHTS,
        'hard.bin': WEIGHTS,
        'again.bin': WEIGHTS,
        'blobs/config': Buffer.from('{}'),
        'config.json': Buffer.from('{}'),
      }),
    )
  })

  test('a hard link of a file to itself changes nothing', async () => {
    const { path } = await stageTar([
      ['one', 'first'],
      ['one', { link: 'one', type: 'link' }],
      ['large', WEIGHTS],
      ['./large', { link: './large', type: 'link' }],
    ])
    expect(await hashesIn(join(at.dir, path))).toEqual(
      hashesOf({ one: Buffer.from('first'), large: WEIGHTS }),
    )
  })

  test('of a zip do too', async () => {
    const body = zipOf({ 'blobs/abc': WEIGHTS }, { links: { 'model.bin': 'blobs/abc' } })
    const { source } = await served('model.zip', { body })
    const { path } = await stage(at.dir, { http: { url: source } })
    expect(await hashesIn(join(at.dir, path))).toEqual(
      hashesOf({ 'blobs/abc': WEIGHTS, 'model.bin': WEIGHTS }),
    )
  })

  test('a hard link keeps the bytes that its file had, and a later file takes the place of a link', async () => {
    const { path } = await stageTar([
      ['one', 'first'],
      ['hard', { link: 'one', type: 'link' }],
      ['one', 'second'],
      ['soft', { link: 'one' }],
      ['soft', 'a file'],
    ])
    expect(await hashesIn(join(at.dir, path))).toEqual(
      hashesOf({ one: Buffer.from('second'), hard: Buffer.from('first'), soft: Buffer.from('a file') }),
    )
  })

  test.each<[string, TarContent, string]>([
    ['out of the tree', { link: '../../etc/passwd' }, 'outside of the archive'],
    ['to an absolute path', { link: '/etc/passwd' }, 'outside of the archive'],
    ['to itself', { link: 'link' }, 'no file of the archive'],
    ['to a folder', { link: 'a' }, 'no file of the archive'],
    ['to nothing', { link: 'b' }, 'no file of the archive'],
    ['to what comes later, as a hard link', { link: 'z', type: 'link' }, 'no file that comes before it'],
  ])('a link %s is rejected', async (_, content, why) => {
    const entries = [['a/file', 'x'] as const, ['link', content] as const, ['z', 'x'] as const]
    const { reason, message } = await failureOf(stageTar(entries))
    expect({ reason, message }).toEqual({ reason: 'ArchiveInvalid', message: expect.stringContaining(why) })
    expect(await readdir(join(at.dir, 'snapshots')).catch(() => [])).toEqual([])
  })
})
