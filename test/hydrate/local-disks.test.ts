import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { layoutOf } from '../../src/hydrate/volume/layout.ts'
import { makeOwnFolder, probe } from '../../src/hydrate/volume/probe.ts'
import { serveWeb } from '../sources/web.ts'
import { installPackages } from '../testbed/debian-packages.ts'
import { tarOf } from './support/archives.ts'
import { digestedBelow } from './support/digested-below.ts'
import { mountObstacle } from './support/mounts.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// Volumes that are disks of the node, where large files are written past the page cache, or could be.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 })

const run = promisify(execFile)
const MIB = 2 ** 20
const PACKAGES = { e2fsprogs: 'mkfs.ext4', xfsprogs: 'mkfs.xfs' }

const OBSTACLE = mountObstacle('/dev/loop-control')
if (OBSTACLE !== undefined) console.warn(`disks are not tested: ${OBSTACLE}`)

interface Disk {
  /** Of the whole disk. XFS has at least 300. */
  mib: number
  /** What makes the file system. */
  make: readonly string[]
  isDirect: boolean
}

const DISKS: Readonly<Record<string, Disk>> = {
  ext4: { mib: 96, make: ['mkfs.ext4', '-q'], isDirect: true },
  'ext4 with blocks of 1 KiB': { mib: 96, make: ['mkfs.ext4', '-q', '-b', '1024'], isDirect: true },
  XFS: { mib: 320, make: ['mkfs.xfs', '-q'], isDirect: true },
  'a file system that is not known for its direct I/O': {
    mib: 96,
    make: ['mkfs.ext4', '-q'],
    isDirect: false,
  },
}

let dir: string
beforeAll(async () => {
  if (OBSTACLE !== undefined) return
  await installPackages(PACKAGES, line => console.error(line))
  dir = await mkdtemp(join(tmpdir(), 'modelcache-disks-'))
})
afterAll(async () => {
  if (dir !== undefined) await rm(dir, { recursive: true, force: true })
})

/** Makes a disk in a file, and mounts it. statfs(2) shows an overlay as itself, not as the disk below. */
async function mounted({
  mib,
  make: [command = '', ...args],
  isDirect,
}: Disk): Promise<AsyncDisposable & { at: string }> {
  const own = await mkdtemp(join(dir, 'disk-'))
  const image = join(own, 'image')
  {
    await using file = await open(image, 'w')
    await file.truncate(mib * MIB)
  }
  await run(command, [...args, image])
  const disk = join(own, 'disk')
  await mkdir(disk)
  await run('mount', ['-o', 'loop', image, disk])
  const at = isDirect ? disk : join(own, 'overlay')
  if (!isDirect) {
    for (const folder of ['lower', 'upper', 'work']) await mkdir(join(disk, folder))
    await mkdir(at)
    const layers = `lowerdir=${disk}/lower,upperdir=${disk}/upper,workdir=${disk}/work`
    await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, at])
  }
  return {
    at,
    async [Symbol.asyncDispose]() {
      if (!isDirect) await run('umount', [at])
      await run('umount', [disk])
    },
  }
}

describe.skipIf(OBSTACLE !== undefined).each(Object.entries(DISKS))('a volume on %s', (_, disk) => {
  test('gets large files in parts and in one piece, and small ones', async () => {
    await using volume = await mounted(disk)
    const layout = layoutOf(volume.at)
    await makeOwnFolder(layout)
    expect(await probe(layout)).toMatchObject({ writesAnywhere: true, writesDirectly: disk.isDirect })

    const claim = await mkdtemp(join(dir, 'claim-'))
    await writeFile(join(claim, 'config.json'), '{}')
    await writeFile(join(claim, 'model.bin'), randomBytes(35 * MIB + 7))
    const parts = await stage(volume.at, { pvcClone: { name: 'filled' } }, { claim: () => claim })
    expect(await digestedBelow(join(volume.at, parts.path))).toEqual(await digestedBelow(claim))

    const tar = await tarOf([
      ['config.json', '{}'],
      ['large.bin', randomBytes(17 * MIB + 4_097)],
      ['again.bin', { link: 'large.bin', type: 'link' }],
    ])
    await using web = await serveWeb({ '/model.tar': { body: tar, etag: '"v1"' } })
    const { path } = await stage(volume.at, { http: { url: `${web.url}/model.tar` } })
    const files = await digestedBelow(join(volume.at, path))
    expect(files.map(({ path: name, size }) => [name, size])).toEqual([
      ['again.bin', 17 * MIB + 4_097],
      ['config.json', 2],
      ['large.bin', 17 * MIB + 4_097],
    ])
    expect(files[0]?.sha256).toBe(files[2]?.sha256)
  })

  test('that turns out to be too small says so, and has nothing half there', async () => {
    await using volume = await mounted(disk)
    // Nobody knows how large it is before it is unpacked.
    const body = gzipSync(await tarOf([['large.bin', Buffer.alloc(disk.mib * 1.25 * MIB)]]))
    await using web = await serveWeb({ '/model.tar.gz': { body, etag: '"v1"' } })
    const failure = await failureOf(stage(volume.at, { http: { url: `${web.url}/model.tar.gz` } }))
    expect(failure.reason).toBe('NoSpace')
    expect(await readdir(join(volume.at, 'snapshots')).catch(() => [])).toEqual([])
  })
})
