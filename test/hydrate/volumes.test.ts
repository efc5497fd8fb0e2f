import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/api/hydration-report.ts'
import { HydrationError } from '../../src/hydrate/failure.ts'
import { type S3Server, serveS3 } from '../sources/s3.ts'
import { serveWeb } from '../sources/web.ts'
import { tarOf } from './support/archives.ts'
import { digestedBelow } from './support/digested-below.ts'
import { type Gluster, serveGluster } from './support/gluster.ts'
import { installMounts, mount, mountObstacle } from './support/mounts.ts'
import { manifestOf, startHydrate } from './support/run-hydrate.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// Volumes on other machines, and those that are no file system of Linux or reject what one can.

vi.setConfig({ testTimeout: 240_000, hookTimeout: 600_000 })

const OBSTACLE = mountObstacle()
if (OBSTACLE !== undefined) console.warn(`volumes are not tested: ${OBSTACLE}`)

let dir: string
let bucket: S3Server
let gluster: Gluster

beforeAll(async () => {
  if (OBSTACLE !== undefined) return
  await installMounts()
  dir = await mkdtemp(join(tmpdir(), 'modelcache-volumes-'))
  bucket = await serveS3()
  gluster = await serveGluster(join(dir, 'gluster'))
  await bucket.python(`s3.create_bucket(Bucket='volume')`)
  await writeFile(join(dir, 'passwd'), 'tests:canary-secret', { mode: 0o600 })
  // Two files come in parts, where that is possible.
  const claim = join(dir, 'claims/filled')
  await mkdir(join(claim, 'sub/deep'), { recursive: true })
  await writeFile(join(claim, 'config.json'), '{}')
  await writeFile(join(claim, 'sub/deep/empty'), '')
  await writeFile(join(claim, 'sub/one.bin'), Buffer.alloc(20 * 2 ** 20, 'one '))
  await writeFile(join(claim, 'two.bin'), Buffer.alloc(17 * 2 ** 20 + 3, 'two '))
  await symlink('sub/one.bin', join(claim, 'link'))
})
afterAll(async () => {
  await bucket?.[Symbol.asyncDispose]()
  await gluster?.[Symbol.asyncDispose]()
  if (dir !== undefined) await rm(dir, { recursive: true, force: true })
})

/** Behind FUSE, an I/O error comes and goes. A Job tries again after VolumeFailed, and so does this. */
async function patiently<T>(work: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (tries === 1 || !(error instanceof HydrationError) || error.reason !== 'VolumeFailed') throw error
    await pause(1_000)
    return patiently(work, tries - 1)
  }
}

/** How to mount a folder, or a bucket, as a volume. */
const VOLUMES: readonly [string, (under: string, at: string) => readonly string[]][] = [
  ['of GlusterFS', (_, at) => gluster.mounting(at)],
  [
    'that rejects modes and owners, as SMB does',
    (under, at) => ['bindfs', '-f', '--chmod-deny', '--chown-deny', under, at],
  ],
  [
    'that renames nothing',
    (under, at) => ['bindfs', '-f', '--chmod-deny', '--chown-deny', '--rename-deny', under, at],
  ],
  [
    'that writes only in sequence',
    (under, at) => ['rclone', 'mount', '--config', '/dev/null', `:local:${under}`, at],
  ],
  [
    'of an object store',
    (_, at) => [
      ...['s3fs', 'volume', at, '-f', '-o', `url=${bucket.url}`, '-o', 'use_path_request_style'],
      ...['-o', `passwd_file=${join(dir, 'passwd')}`, '-o', 'endpoint=us-east-1'],
    ],
  ],
]

/** The SHA-256 of each file below a folder. */
async function hashesBelow(folder: string): Promise<Record<string, string>> {
  const files = await digestedBelow(folder)
  return Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256]))
}

const CLAIM = { pvcClone: { name: 'filled' } }
const claim = (name: string) => join(dir, 'claims', name)

describe.skipIf(OBSTACLE !== undefined).each(VOLUMES)('a volume %s', (name, mounting) => {
  let volume: string
  let mounted: AsyncDisposable

  beforeAll(async () => {
    const label = name.replaceAll(/\W+/g, '-')
    const under = join(dir, `under-${label}`)
    volume = join(dir, `at-${label}`)
    await mkdir(under, { recursive: true })
    mounted = await mount(mounting(under, volume), volume)
  })
  afterAll(() => mounted?.[Symbol.asyncDispose]())

  test('gets a snapshot, once', async () => {
    const first = await patiently(() => stage(volume, CLAIM, { claim, claimUID: 'uid' }))
    const files = await hashesBelow(join(dir, 'claims/filled'))
    expect(await hashesBelow(join(volume, first.path))).toEqual({ ...files, link: files['sub/one.bin'] })
    const again = await patiently(() => stage(volume, CLAIM, { claim, claimUID: 'uid' }))
    expect(again).toMatchObject({ digest: first.digest })
    // Nothing is left of the work.
    expect(await readdir(join(volume, '.modelcache'))).toEqual(expect.not.arrayContaining(['owner']))
  })

  test('gets the files of an archive, links among them', async () => {
    const tar = await tarOf([
      ['a/one', 'one'],
      ['a/large', Buffer.alloc(3 * 2 ** 20, 'large')],
      ['again', { link: 'a/one' }],
    ])
    await using web = await serveWeb({ '/model.tar': { body: tar, etag: '"v1"' } })
    const source = { http: { url: `${web.url}/model.tar` } }
    const { path } = await patiently(() => stage(volume, source, { claimUID: 'uid' }))
    const files = await hashesBelow(join(volume, path))
    expect(Object.keys(files).toSorted()).toEqual(['a/large', 'a/one', 'again'])
    expect(files.again).toBe(files['a/one'])
  })

  test('is whole after kills, and never half there', async () => {
    await using web = await serveWeb({
      '/one': { body: Buffer.alloc(8 * 2 ** 20, 'one'), etag: '"v1"' },
      '/two': { body: Buffer.alloc(8 * 2 ** 20, 'two'), etag: '"v1"' },
    })
    const urls = ['one', 'two'].map(file => ({ url: `${web.url}/${file}` }))
    const manifest = manifestOf({ http: { urls } })
    const args = ['--into', volume, '--claim-uid', 'uid']
    for (const after of [500, 800, 1100]) {
      const { child, done } = startHydrate(manifest, args)
      await pause(after)
      child.kill('SIGKILL')
      await done.catch(() => {})
    }
    let ended = await startHydrate(manifest, args).done
    // As a Job does.
    for (let tries = 1; ended.code === EXIT.mayRetry && tries < 3; tries++) {
      await pause(1_000)
      ended = await startHydrate(manifest, args).done
    }
    const { code, last } = ended
    expect(code, JSON.stringify(last)).toBe(0)
    expect(Object.keys(await hashesBelow(join(volume, String(last.path)))).toSorted()).toEqual(['one', 'two'])
  })

  test('gets no snapshot of a source that is not what its checksum says', async () => {
    await using web = await serveWeb({ '/a': { body: Buffer.from('other'), etag: '"v1"' } })
    const http = { url: `${web.url}/a`, sha256: 'ab'.repeat(32) }
    const failure = await failureOf(patiently(() => stage(volume, { http })))
    expect(failure.reason, `${failure.message} ${failure.stack}`).toBe('ChecksumMismatch')
  })
})
