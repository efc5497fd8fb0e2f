import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unpackAll } from './support/unpack-all.ts'

// Archives of the tools that people use. What the tools are given is what must come out.

let dir: string
let tree: string
let expected: Record<string, string>

const LONG = `${'folder-with-a-long-name/'.repeat(8)}weights.bin`

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-archives-'))
  tree = join(dir, 'tree')
  const files: Record<string, Buffer> = {
    'config.json': Buffer.from('{}'),
    empty: Buffer.alloc(0),
    'a/weights.bin': randomBytes(100_001),
    [LONG]: randomBytes(513),
    'ä/中.txt': Buffer.from('name'),
    'zeros.bin': Buffer.alloc(4_096),
    '._named-so.txt': Buffer.from('no metadata'),
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(tree, path, '..'), { recursive: true })
    await writeFile(join(tree, path), content)
  }
  await withHoles(join(tree, 'holes.bin'))
  files['holes.bin'] = await readFile(join(tree, 'holes.bin'))
  expected = Object.fromEntries(Object.entries(files).map(([path, content]) => [path, sha256(content)]))
})
afterAll(() => rm(dir, { recursive: true }))

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** Data, a hole, data, and a hole at the end. */
async function withHoles(path: string): Promise<void> {
  const handle = await open(path, 'w')
  await handle.write(randomBytes(70_000), 0, 70_000, 0)
  await handle.write(randomBytes(5_000), 0, 5_000, 1_000_000)
  await handle.write(randomBytes(9), 0, 9, 3_000_000)
  await handle.truncate(5_000_000)
  await handle.close()
}

function has(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] })

const isGnuTar = has('tar') && execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar')

describe.skipIf(!isGnuTar)('an archive of GNU tar comes out as it went in:', () => {
  test.each([
    ['gnu.tar', ['--format=gnu']],
    ['gnu-sparse.tar', ['--format=gnu', '--sparse']],
    ['oldgnu-sparse.tar', ['--format=oldgnu', '--sparse']],
    ['pax.tar', ['--format=posix']],
    ['pax-sparse-0.0.tar', ['--format=posix', '--sparse', '--sparse-version=0.0']],
    ['pax-sparse-0.1.tar', ['--format=posix', '--sparse', '--sparse-version=0.1']],
    ['pax-sparse-1.0.tar', ['--format=posix', '--sparse', '--sparse-version=1.0']],
    ['labelled.tar', ['--format=gnu', '--label=weights of a model']],
    ['labelled-pax.tar', ['--format=posix', '--label=weights of a model']],
    ['incremental.tar', ['--format=gnu', '--incremental']],
    ['gzip.tar.gz', ['--gzip']],
    ['no-suffix', ['--gzip']],
    ['lies.zip', ['--format=posix']],
  ])('%s', async (name, options) => {
    const path = join(dir, name)
    run('tar', ...options, '-cf', path, '.')
    expect(await unpackAll(path)).toEqual(expected)
  })

  test.skipIf(!has('zstd'))('zstd.tar.zst', async () => {
    const path = join(dir, 'zstd.tar.zst')
    run('tar', '--zstd', '--format=posix', '--sparse', '-cf', path, '.')
    expect(await unpackAll(path)).toEqual(expected)
  })

  test('ustar and v7, for names that fit', async () => {
    for (const format of ['ustar', 'v7']) {
      const path = join(dir, `${format}.tar`)
      run('tar', `--format=${format}`, '-cf', path, 'config.json', 'empty', 'a')
      const { 'config.json': config, empty, 'a/weights.bin': weights } = expected
      expect(await unpackAll(path)).toEqual({ 'config.json': config, empty, 'a/weights.bin': weights })
    }
  })

  test('is denied when it is cut off anywhere, also between two files and in its end marker', async () => {
    const path = join(dir, 'whole.tar')
    run('tar', '--format=posix', '-cf', path, 'config.json', 'zeros.bin', 'empty')
    const whole = await readFile(path)
    const marker = endOfData(whole)
    for (let length = 0; length <= marker; length += 512) {
      const cut = join(dir, 'cut.tar')
      await writeFile(cut, whole.subarray(0, length))
      await expect(unpackAll(cut), `${length} bytes`).rejects.toThrow()
    }
    await writeFile(join(dir, 'cut.tar'), whole.subarray(0, marker + 512))
    expect(Object.keys(await unpackAll(join(dir, 'cut.tar')))).toEqual(['config.json', 'zeros.bin', 'empty'])
  })

  test('is denied when one bit of its compression is another', async () => {
    const path = join(dir, 'flip.tar.gz')
    run('tar', '--gzip', '-cf', path, 'a')
    const bytes = await readFile(path)
    for (const at of [20, Math.floor(bytes.length / 2), bytes.length - 6]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 4
      await writeFile(path, flipped)
      await expect(unpackAll(path), `byte ${at}`).rejects.toThrow()
    }
  })

  test('ends where tar ends: what follows its end marker is not of it', async () => {
    const [one, other] = [join(dir, 'one.tar'), join(dir, 'other.tar')]
    run('tar', '-cf', one, 'config.json')
    run('tar', '-cf', other, 'a')
    await writeFile(join(dir, 'both.tar'), Buffer.concat([await readFile(one), await readFile(other)]))
    expect(Object.keys(await unpackAll(join(dir, 'both.tar')))).toEqual(['config.json'])
  })

  test('is named when its compression is not known here', async () => {
    await writeFile(join(dir, 'x.tar.xz'), Buffer.from('fd377a585a0000', 'hex'))
    await expect(unpackAll(join(dir, 'x.tar.xz'))).rejects.toThrow('xz')
  })
})

/** Where the zeros begin that end the archive: after the header of the last file, which is empty. */
function endOfData(tar: Buffer): number {
  let end = tar.length
  while (end > 0 && tar.subarray(end - 512, end).every(byte => byte === 0)) end -= 512
  return end
}

describe.skipIf(!has('zip'))('an archive of Info-ZIP', () => {
  test('comes out as it went in, whatever its name', async () => {
    run('zip', '-qr', join(dir, 'info.zip'), '.')
    expect(await unpackAll(join(dir, 'info.zip'))).toEqual(expected)
  })

  test('stored and deflated, is denied when a byte of a file is another', async () => {
    for (const level of ['-0', '-9']) {
      const path = join(dir, `flip${level}.zip`)
      run('zip', '-q', level, path, 'a/weights.bin')
      const bytes = await readFile(path)
      bytes[5_000] = (bytes[5_000] ?? 0) ^ 1
      await writeFile(path, bytes)
      await expect(unpackAll(path)).rejects.toThrow(/CRC-32|unpacked/)
    }
  })
})

describe.skipIf(!has('python3'))('an archive of Python', () => {
  test.each(['tar', 'gztar', 'zip'])('made by shutil as %s comes out as it went in', async format => {
    const base = join(dir, `python-${format}`)
    run('python3', '-c', `import shutil; shutil.make_archive(${JSON.stringify(base)}, '${format}', '.')`)
    const suffix = { tar: 'tar', gztar: 'tar.gz', zip: 'zip' }[format]
    expect(await unpackAll(`${base}.${suffix}`)).toEqual(expected)
  })
})

test.each([
  ['nothing at all', Buffer.alloc(0)],
  ['zeros, as an empty tar', Buffer.alloc(10_240)],
  ['an empty zip', Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)])],
])('an archive of %s is denied', async (_, content) => {
  for (const name of ['empty.tar', 'empty.zip', 'empty.tar.gz']) {
    await writeFile(join(dir, name), content)
    await expect(unpackAll(join(dir, name))).rejects.toThrow()
  }
})

test('what macOS puts beside files is left out, and a file that is only named so is not', async () => {
  const path = join(dir, 'mac.zip')
  const mac = join(dir, 'mac')
  await mkdir(join(mac, '__MACOSX'), { recursive: true })
  const metadata = Buffer.concat([Buffer.from('0005160700020000', 'hex'), randomBytes(100)])
  await writeFile(join(mac, '__MACOSX/._model.bin'), metadata)
  await writeFile(join(mac, '._model.bin'), metadata)
  await writeFile(join(mac, '._mine'), 'mine')
  await writeFile(join(mac, 'model.bin'), 'weights')
  execFileSync('zip', ['-qr', path, '.'], { cwd: mac })
  expect(Object.keys(await unpackAll(path)).toSorted()).toEqual(['._mine', 'model.bin'])
  execFileSync('tar', ['-cf', `${path}.tar`, '.'], { cwd: mac })
  expect(Object.keys(await unpackAll(`${path}.tar`)).toSorted()).toEqual(['._mine', 'model.bin'])
})

// A tar has no checksum, so a flip in it shows only if the ModelCache gives the SHA-256 of the archive.
describe.skipIf(!(isGnuTar && has('python3')))('never a wrong byte:', () => {
  /** `ARCHIVE_N=2000` tries that many. Here it is a sample. */
  const TRIES = Number(process.env.ARCHIVE_N ?? 60)

  test.each([
    ['m.tar', false],
    ['m.tar.gz', true],
    ['m.tar.zst', true],
    ['m.zip', true],
  ])(
    '%s with a cut or a flipped bit at any place comes out whole, or not at all',
    async (name, hasChecksums) => {
      const small = join(dir, 'small')
      await mkdir(join(small, 'a'), { recursive: true })
      await writeFile(join(small, 'x.bin'), randomBytes(3_000))
      await writeFile(join(small, 'a/y.bin'), Buffer.alloc(20_000, 'abc'))
      const script = `import shutil; shutil.make_archive('m', 'zip', 'small')`
      if (name === 'm.zip') execFileSync('python3', ['-c', script], { cwd: dir })
      else execFileSync('tar', ['-cf', 'm.tar', '-C', 'small', '.'], { cwd: dir })
      if (name === 'm.tar.gz') execFileSync('gzip', ['-f', 'm.tar'], { cwd: dir })
      const plain = await readFile(join(dir, name === 'm.tar.zst' ? 'm.tar' : name))
      const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
      const whole = name === 'm.tar.zst' ? zstdCompressSync(plain, checksum) : plain
      const path = join(dir, `damaged-${name}`)
      await writeFile(path, whole)
      const good = await unpackAll(path)
      expect(Object.keys(good).toSorted()).toEqual(['a/y.bin', 'x.bin'])
      for (let tries = 0; tries < TRIES; tries++) {
        const at = Math.floor(Math.random() * whole.length)
        const bit = 1 << (tries % 8)
        const damaged = Buffer.from(tries % 2 === 0 || !hasChecksums ? whole.subarray(0, at) : whole)
        damaged[at] = (damaged[at] ?? 0) ^ bit
        await writeFile(path, damaged)
        const found = await unpackAll(path).catch(() => good)
        expect(found, `${tries % 2 === 0 ? 'cut' : `bit ${bit} flipped`} at ${at} of ${name}`).toEqual(good)
      }
    },
  )
})
