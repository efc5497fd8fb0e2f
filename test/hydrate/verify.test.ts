import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { hydrationFailure, verifyReport } from '../../src/api/hydration-report.ts'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'
import { run } from './support/run-modelcache.ts'

const FILES = { 'config.json': '{}', 'a/weights': 'the weights of the model' }
const MANIFEST = manifestOf({ inline: { files: FILES } })
const CLAIM = ['--claim-uid', 'uid-of-the-claim']

let volume: string
let folder: string
let digest: string

beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'modelcache-verify-'))
  const { last } = await hydrate(MANIFEST, ['--into', volume, ...CLAIM])
  folder = join(volume, String(last.path))
  digest = String(last.digest)
})
afterEach(() => rm(volume, { recursive: true, force: true }))

async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await rm(join(folder, path), { recursive: true, force: true })
  await writeFile(join(folder, path), text)
}

const verify = (...args: string[]) => run(['verify', ...args])

describe('a snapshot that is what was staged', () => {
  test.each<[string, () => string[]]>([
    ['on its volume', () => [volume]],
    ['on its volume, by its digest', () => [volume, '--digest', digest]],
    ['in its folder', () => [folder]],
  ])('%s ends with exit code 0', async (_, args) => {
    const { code, last, lines } = await verify(...args())
    expect(code).toBe(0)
    expect(verifyReport.parse(last)).toMatchObject({ snapshots: 1, digest, files: 2, bytes: 26 })
    expect(lines).toContain(`${digest} is what was staged: 2 files of 26 B`)
  })

  test('is known by its digest alone where its manifest is out of reach, as in a pod', async () => {
    await rm(join(volume, '.modelcache'), { recursive: true })
    expect(await verify(folder)).toMatchObject({ code: 0 })
  })

  test('is found by the ModelCache, at the place of its mount', async () => {
    const cache = parse(MANIFEST)
    cache.spec.mount.path = folder
    const withStatus = { ...cache, status: { resolvedDigest: digest } }
    expect(await run(['verify', '-f', '-'], stringify(withStatus))).toMatchObject({ code: 0 })
    const other = { ...cache, status: { resolvedDigest: `sha256:${'0'.repeat(64)}` } }
    expect(await run(['verify', '-f', '-'], stringify(other))).toMatchObject({ code: 1 })
    const { code, stderr } = await run(['verify', '-f', '-', volume], MANIFEST)
    expect(code).toBe(2)
    expect(stderr).toContain('kubectl get modelcache NAME -o yaml')
  })
})

describe('a snapshot that is not what was staged ends with exit code 1, and the file is named:', () => {
  test.each<[string, () => Promise<void>, line: string]>([
    ['other bytes', () => replace('a/weights', 'THE WEIGHTS OF THE MODEL'), '  "a/weights": other content'],
    ['fewer bytes', () => replace('a/weights', 'the'), '  "a/weights": other size'],
    ['a file that is gone', () => rm(join(folder, 'config.json')), '  "config.json": missing'],
    ['a file more', () => replace('a/\u001b[31m.py', 'import os'), '  "a/\\u001b[31m.py": extra'],
    [
      'a link to the same content',
      async () => {
        await writeFile(join(volume, 'elsewhere'), '{}')
        await rm(join(folder, 'config.json'))
        await symlink(join(volume, 'elsewhere'), join(folder, 'config.json'))
      },
      '  "config.json": not a file',
    ],
  ])('%s', async (_, damage, line) => {
    await damage()
    const { code, last, lines } = await verify(volume)
    expect(code).toBe(1)
    expect(lines).toContain(line)
    expect(hydrationFailure.parse(last)).toMatchObject({
      reason: 'SnapshotDamaged',
      message: expect.stringContaining(`snapshot ${digest} is not what was staged: "`),
    })
    await rm(join(volume, '.modelcache'), { recursive: true })
    expect(await verify(folder)).toMatchObject({ code: 1, last: { reason: 'SnapshotDamaged' } })
  })

  test('a folder that is gone', async () => {
    await rm(folder, { recursive: true })
    expect(await verify(volume, '--digest', digest)).toMatchObject({ code: 1 })
  })

  test('a manifest that was forged together with the files', async () => {
    await replace('a/weights', 'other')
    const again = await mkdtemp(join(tmpdir(), 'modelcache-verify-'))
    await hydrate(manifestOf({ inline: { files: { ...FILES, 'a/weights': 'other' } } }), ['--into', again])
    const [[, forged] = []] = Object.entries(await filesBelow(join(again, '.modelcache', 'manifests')))
    await writeFile(
      join(volume, '.modelcache', 'manifests', `${digest.replace(':', '-')}.json`),
      forged ?? '',
    )
    expect(await verify(volume)).toMatchObject({ code: 1 })
    await rm(again, { recursive: true })
  })
})

test.each<[string, string[], RegExp]>([
  ['no folder', [], /give the folder of a volume or of a snapshot/],
  ['two folders', ['a', 'b'], /unexpected argument "b"/],
  ['no digest', ['a', '--digest', 'sha256:1'], /--digest: must be sha256:/],
])('%s is wrong usage', async (_, args, words) => {
  const { code, stderr } = await verify(...args)
  expect(code).toBe(2)
  expect(stderr).toMatch(words)
})

test('a folder without a snapshot is said', async () => {
  expect(await verify(join(volume, 'nothing'))).toMatchObject({
    code: 1,
    last: { reason: 'SnapshotNotFound' },
  })
})

test('a damaged snapshot is repaired in its place, because pods have it mounted', async () => {
  await replace('a/weights', 'THE WEIGHTS OF THE MODEL')
  await writeFile(join(folder, 'stray'), '')
  // Sizes are enough for a run that nobody told.
  expect((await hydrate(MANIFEST, ['--into', volume, ...CLAIM])).last).toMatchObject({ digest })
  expect(await verify(volume)).toMatchObject({ code: 1 })
  const before = await stat(folder)
  expect(await hydrate(MANIFEST, ['--into', volume, ...CLAIM, '--rehash'])).toMatchObject({
    code: 0,
    last: { digest },
  })
  expect(await verify(volume)).toMatchObject({ code: 0 })
  expect(await filesBelow(folder)).toEqual(FILES)
  const after = await stat(folder)
  expect(after.ino).toBe(before.ino)
})
