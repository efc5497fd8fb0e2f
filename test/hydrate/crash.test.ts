import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sha256 } from '../../src/hydrate/fixtures.ts'
import { type Hub, serveHub } from '../sources/hub.ts'
import { writeModel } from '../sources/model.ts'
import { type Layer, type Registry, serveRegistry } from '../sources/registry.ts'
import { type S3Server, serveS3 } from '../sources/s3.ts'
import { serveWeb, type Web } from '../sources/web.ts'
import { tarOf } from './support/archives.ts'
import { manifestOf, startHydrate } from './support/run-hydrate.ts'

// `make crash N=200` kills this often. Here it is a sample.
const KILLS = Number(process.env.CRASH_N ?? 6)
/** For one volume, before a run must end. */
const KILLS_IN_A_ROW = 3

vi.setConfig({ testTimeout: 120_000 + KILLS * 10_000, hookTimeout: 300_000 })

let dir: string
let hub: Hub
let web: Web
let bucket: S3Server
let registry: Registry

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-crash-'))
  const folder = join(dir, 'model')
  await writeModel(folder, { shards: 3, shardMiB: 18 })
  hub = await serveHub({ repos: { 'example/model': { folder } }, bytesPerSecond: 12 * 2 ** 20 })
  const tar = pack()
  for (const name of ['config.json', 'a/one.bin', 'a/two.bin'])
    tar.entry({ name }, `${name} `.repeat(100_000))
  tar.entry({ name: 'a/large.bin' }, randomBytes(20 * 2 ** 20))
  tar.finalize()
  web = await serveWeb({ '/model.tar': { body: await buffer(tar), etag: '"v1"' } })
  bucket = await serveS3()
  await bucket.python(`
s3.create_bucket(Bucket='models')
for name in os.listdir('${folder}'): s3.upload_file(os.path.join('${folder}', name), 'models', 'm/' + name)
`)
  registry = await serveRegistry()
  const layer = async (entries: Parameters<typeof tarOf>[0]): Promise<Layer> => ({
    body: gzipSync(await tarOf(entries), { level: 1 }),
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  })
  const layers = [
    await layer([
      ['models/a', 'a'],
      ['models/replaced/b', 'b'],
      ['models/large.bin', randomBytes(12 * 2 ** 20)],
    ]),
    await layer([
      ['models/.wh.a', ''],
      ['models/replaced', 'now a file'],
    ]),
    await layer([['models/other.bin', randomBytes(12 * 2 ** 20)]]),
  ]
  await registry.push({ repository: 'models/image', tag: 'v1', layers })
  for (const [key, value] of Object.entries({
    AWS_ACCESS_KEY_ID: 'tests',
    AWS_SECRET_ACCESS_KEY: 'canary',
  })) {
    await mkdir(join(dir, 'secrets/bucket'), { recursive: true })
    await writeFile(join(dir, 'secrets/bucket', key), value)
  }
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  await bucket[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

/** What every folder of snapshots/ holds, by the hashes of its files. */
async function snapshotsOf(volume: string): Promise<Record<string, string>> {
  const names = await readdir(join(volume, 'snapshots')).catch(() => [])
  const sums = names.map(async name => {
    const folder = join(volume, 'snapshots', name)
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    const files = await Promise.all(
      paths.toSorted().map(async path => [relative(folder, path), sha256(await readFile(path))]),
    )
    return [name, JSON.stringify(files)] as const
  })
  return Object.fromEntries(await Promise.all(sums))
}

test.each<[string, () => object]>([
  ['a model of a hub', () => ({ huggingFace: { repo: 'example/model', endpoint: hub.url } })],
  ['an archive', () => ({ http: { url: `${web.url}/model.tar` } })],
  [
    'a bucket',
    () => ({ s3: { uri: 's3://models/m/', endpoint: bucket.url, secretRef: { name: 'bucket' } } }),
  ],
  ['a container image', () => ({ oci: { reference: `${registry.host}/models/image:v1` } })],
])('%s is whole after kills at random moments, and never half there', async (_, source) => {
  const manifest = manifestOf(source())
  const stageTo = (volume: string) =>
    startHydrate(manifest, ['--into', volume, '--secrets', join(dir, 'secrets')])
  const undisturbed = join(dir, 'undisturbed')
  const began = performance.now()
  const first = await stageTo(undisturbed).done
  expect(first.code, JSON.stringify(first.last)).toBe(0)
  const whole = await snapshotsOf(undisturbed)
  const duration = performance.now() - began
  await rm(undisturbed, { recursive: true })

  const isWhole = async (volume: string, moment: string) => {
    for (const [name, sum] of Object.entries(await snapshotsOf(volume)))
      expect({ name, sum }, moment).toEqual({ name, sum: whole[name] })
  }
  for (let kills = 0; kills < KILLS; ) {
    const volume = join(dir, `volume-${kills}`)
    for (let inARow = 0; inARow < KILLS_IN_A_ROW && kills < KILLS; inARow++, kills++) {
      const { child, done } = stageTo(volume)
      const after = Math.random() * duration
      await pause(after)
      child.kill('SIGKILL')
      await done.catch(() => {})
      await isWhole(volume, `kill ${kills} after ${after.toFixed(0)} of ${duration.toFixed(0)} ms`)
    }
    const { code, last } = await stageTo(volume).done
    expect(code, JSON.stringify(last)).toBe(0)
    expect(await snapshotsOf(volume)).toEqual(whole)
    await rm(volume, { recursive: true })
  }
})
