import { link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

let dir: string
let claim: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-claim-'))
  claim = join(dir, 'claims/ops')
  await mkdir(join(claim, 'llama/sub'), { recursive: true })
  await writeFile(join(claim, 'llama/config.json'), '{}')
  await writeFile(join(claim, 'llama/sub/weights'), 'w')
  await mkdir(join(claim, 'lost+found'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const stageClaim = (subPath?: string) =>
  stage(
    join(dir, 'volume'),
    { pvcClone: { name: 'ops', ...(subPath && { subPath }) } },
    { claim: name => join(dir, 'claims', name) },
  )

async function staged(subPath?: string) {
  const { path } = await stageClaim(subPath)
  return filesBelow(join(dir, 'volume', path))
}

describe('the files of a claim', () => {
  test('are copied, all of them or those of a folder', async () => {
    expect(await staged()).toEqual({ 'llama/config.json': '{}', 'llama/sub/weights': 'w' })
    expect(await staged('llama/')).toEqual({ 'config.json': '{}', 'sub/weights': 'w' })
  })

  test('are copied in parts if they are large', async () => {
    const body = Buffer.alloc(40 * 2 ** 20, 'weights ')
    await writeFile(join(claim, 'llama/large'), body)
    const files = await staged('llama')
    expect(sha256(files.large ?? '')).toBe(sha256(body))
  })

  test('may be links to files of the claim, as the cache of Hugging Face has them', async () => {
    await mkdir(join(claim, 'hub/snapshots/main'), { recursive: true })
    await mkdir(join(claim, 'hub/blobs'))
    await writeFile(join(claim, 'hub/blobs/abc'), 'blob')
    await symlink('../../blobs/abc', join(claim, 'hub/snapshots/main/model'))
    await link(join(claim, 'hub/blobs/abc'), join(claim, 'hub/snapshots/main/hard'))
    expect(await staged('hub/snapshots/main')).toEqual({ model: 'blob', hard: 'blob' })
  })

  test('are copied again after one of them has changed', async () => {
    await staged('llama')
    await writeFile(join(claim, 'llama/config.json'), '[]')
    await utimes(join(claim, 'llama/config.json'), 1, 1)
    expect(await staged('llama')).toMatchObject({ 'config.json': '[]' })
  })
})

test.each<[string, () => Promise<unknown>, string, string]>([
  ['a folder that is not there', async () => {}, 'none', 'SourceNotFound'],
  ['an empty folder', () => mkdir(join(claim, 'empty')), 'empty', 'SourceNotFound'],
  ['a link out of it', () => symlink('/etc/hostname', join(claim, 'llama/out')), 'llama', 'FileNameInvalid'],
  ['a link to nothing', () => symlink('nothing', join(claim, 'llama/broken')), 'llama', 'FileNameInvalid'],
  ['a link to a folder', () => symlink('sub', join(claim, 'llama/folder')), 'llama', 'FileNameInvalid'],
])('a claim with %s is said to be so', async (_, make, subPath, reason) => {
  await make()
  expect((await failureOf(stageClaim(subPath))).reason).toBe(reason)
})
