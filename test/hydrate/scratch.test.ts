import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { hydrationFailure } from '../../src/api/hydration-report.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'
import { run } from './support/run-modelcache.ts'

const FILES = { 'config.json': '{}', 'a/weights': 'the weights of the model' }

let volume: string
beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'modelcache-scratch-'))
})
afterEach(() => rm(volume, { recursive: true, force: true }))

function withScratch(...scratch: string[]): string {
  const cache = parse(manifestOf({ inline: { files: FILES } }))
  cache.spec.mount.scratch = scratch
  return stringify(cache)
}
const stage = (...scratch: string[]) => hydrate(withScratch(...scratch), ['--into', volume])

test('a snapshot has the folders that pods cover, whatever it has there, and its digest does not know', async () => {
  const { last: plain } = await hydrate(manifestOf({ inline: { files: FILES } }), ['--into', volume])
  const { code, last } = await stage('locks/hub', 'a')
  expect(code).toBe(0)
  expect(last).toMatchObject({ digest: plain.digest, files: 2 })
  const snapshot = join(volume, String(last.path))
  expect(await readdir(join(snapshot, 'locks/hub'))).toEqual([])
  expect(await readdir(join(snapshot, 'a'))).toEqual(['weights'])
  expect(await run(['verify', volume])).toMatchObject({ code: 0 })
  expect(await stage('locks/hub', 'a')).toMatchObject({ code: 0 })
})

test.each(['config.json', 'a/weights/locks'])('a file of the artifact is no folder: %s', async folder => {
  const { code, last } = await stage(folder)
  expect(code).toBe(1)
  const failure = hydrationFailure.parse(last)
  expect(failure).toMatchObject({ reason: 'FileNamesCollide', file: folder })
  expect(failure.message).toContain('the artifact has a file there; name another folder')
})
