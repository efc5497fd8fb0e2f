import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aFile, aVolume, filesBelow, sha256 } from '../fixtures.ts'
import { findSnapshot } from './find.ts'
import type { Manifest } from './manifest.ts'
import { writeManifest } from './manifest.ts'
import { finishReveals } from './publish.ts'
import type { Volume } from './volume.ts'
import { openSnapshot } from './work.ts'

const never = new AbortController().signal
const WEIGHTS = 'the weights of the model'

let dir: string
let volume: Volume
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-life-'))
  volume = aVolume(dir)
})
afterEach(() => rm(dir, { recursive: true }))

/** What the hydrator writes for the claim, or what somebody else wrote on the volume before that. */
async function written(on: Volume): Promise<Manifest> {
  const snapshot = await openSnapshot(on, 'source')
  try {
    await snapshot.put(aFile('weights', WEIGHTS), never)
    return await snapshot.complete({ identity: 'source' })
  } finally {
    await snapshot.close().catch(() => {})
  }
}

const pathOf = (digest: string, name: string) => join(volume.layout.snapshot(digest), name)

async function replaced(path: string, text: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, text)
}

describe.each([
  ['another claim', 'uid-of-an-earlier-claim'],
  ['no claim', undefined],
])('what was written for %s', (_, claimUID) => {
  test('is believed once it was hashed, and then for good', async () => {
    const { digest } = await written({ ...volume, claimUID })
    const found = await findSnapshot(volume, 'source')
    expect(found).toMatchObject({ digest, claimUID: volume.claimUID })
    await replaced(pathOf(digest, 'weights'), WEIGHTS.toUpperCase())
    expect(await findSnapshot(volume, 'source')).toEqual(found)
  })

  test.each<[string, (digest: string) => Promise<void>]>([
    [
      'has other bytes of the same length',
      digest => replaced(pathOf(digest, 'weights'), WEIGHTS.toUpperCase()),
    ],
    ['has one file more', digest => writeFile(pathOf(digest, 'modeling.py'), 'import os')],
    [
      'has a link in place of a file',
      async digest => {
        await writeFile(join(dir, 'elsewhere'), WEIGHTS)
        await rm(pathOf(digest, 'weights'))
        await symlink(join(dir, 'elsewhere'), pathOf(digest, 'weights'))
      },
    ],
  ])('and %s is not believed, and is written again', async (_what, forge) => {
    const { digest } = await written({ ...volume, claimUID })
    await forge(digest)
    expect(await findSnapshot(volume, 'source')).toBeUndefined()
    expect(await written(volume)).toMatchObject({ digest, claimUID: volume.claimUID })
    expect(await filesBelow(volume.layout.snapshot(digest))).toEqual({ weights: WEIGHTS })
  })
})

test('a folder of a snapshot without a manifest is hashed before it counts', async () => {
  const { digest } = await written({ ...volume, claimUID: undefined })
  await rm(volume.layout.manifests, { recursive: true })
  await replaced(pathOf(digest, 'weights'), WEIGHTS.toUpperCase())
  await written(volume)
  expect(await filesBelow(volume.layout.snapshot(digest))).toEqual({ weights: WEIGHTS })
})

test('a forged manifest that waits to be revealed is not believed', async () => {
  const real = await written({ ...volume, claimUID: undefined })
  await rm(volume.layout.manifests, { recursive: true })
  await replaced(pathOf(real.digest, 'weights'), WEIGHTS.toUpperCase())
  const waiting = join(volume.layout.workOf('forged'), 'manifest.json')
  await mkdir(dirname(waiting), { recursive: true })
  await writeFile(waiting, JSON.stringify({ ...real, claimUID: 'uid-of-an-earlier-claim' }))
  await finishReveals(volume)
  expect(await findSnapshot(volume, 'source')).toBeUndefined()
})

test('a file that an interrupted run completed is hashed if nobody knows for whom', async () => {
  const nobodys = { ...volume, claimUID: undefined }
  const first = await openSnapshot(nobodys, 'source')
  await first.put(aFile('weights', WEIGHTS), never)
  await first.close()
  const [work] = Object.keys(await filesBelow(dir)).filter(path => path.endsWith('tree/weights'))
  await replaced(join(dir, work ?? ''), WEIGHTS.toUpperCase())
  const { digest } = await written(nobodys)
  expect(await filesBelow(volume.layout.snapshot(digest))).toEqual({ weights: WEIGHTS })
})

test('unfinished work for another claim is removed', async () => {
  const first = await openSnapshot({ ...volume, claimUID: 'uid-of-an-earlier-claim' }, 'source')
  await first.put(aFile('weights', WEIGHTS), never)
  await first.close()
  const again = aFile('weights', WEIGHTS)
  const second = await openSnapshot(volume, 'source')
  await second.put(again, never)
  await second.close()
  expect(again.opened).toEqual([0])
})

test('nothing is left in the tree that the source does not have, and no link leads out of it', async () => {
  const nobodys = { ...volume, claimUID: undefined }
  const outside = join(dir, 'outside')
  await mkdir(outside)
  const first = await openSnapshot(nobodys, 'source')
  await first.put(aFile('weights', WEIGHTS), never)
  await first.close()
  const [found] = Object.keys(await filesBelow(dir)).filter(path => path.endsWith('tree/weights'))
  const tree = join(dir, dirname(found ?? ''))
  await writeFile(join(tree, 'stray.py'), 'import os')
  await symlink(outside, join(tree, 'a'))
  const snapshot = await openSnapshot(nobodys, 'source')
  await snapshot.put(aFile('weights', WEIGHTS), never)
  await snapshot.put(aFile('a/b', 'x'), never)
  const { digest } = await snapshot.complete({ identity: 'source' })
  expect(await filesBelow(volume.layout.snapshot(digest))).toEqual({ weights: WEIGHTS, 'a/b': 'x' })
  expect(await filesBelow(outside)).toEqual({})
})

test('a manifest whose digest is not that of its files is ignored', async () => {
  const real = await written(volume)
  await replaced(pathOf(real.digest, 'weights'), 'other')
  const files = [{ path: 'weights', size: 5, sha256: sha256('other') }]
  await chmod(dirname(volume.layout.manifest(real.digest)), 0o755)
  await writeManifest(volume.layout, { ...real, files })
  expect(await findSnapshot(volume, 'source')).toBeUndefined()
})
