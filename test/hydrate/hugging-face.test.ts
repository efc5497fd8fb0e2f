import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { prune } from '../../src/hydrate/prune.ts'
import { type Hub, type HubOptions, type Repo, serveHub } from '../sources/hub.ts'
import { officialDownload } from '../sources/hub-client.ts'
import { failureOf, reasonOf, stage } from './support/stage-in-process.ts'

// Only a guard against hanging; the first run installs the official client.
vi.setConfig({ testTimeout: 300_000 })

const REPO = 'org/tiny'
const WEIGHTS = randomBytes(3_000_000).toString('hex')
const MODEL = {
  'config.json': '{"model_type":"llama"}',
  'README.md': '# Tiny',
  'tokenizer/tokenizer with space.json': '{}',
  'model-00001-of-00002.safetensors': WEIGHTS,
  'model-00002-of-00002.safetensors': WEIGHTS.slice(0, 1000),
}
const SECRET = { name: 'hf-token', key: 'token' }

let dir: string
let volume: string
const hubs: Hub[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-hub-'))
  volume = join(dir, 'volume')
})
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

async function commit(files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, 'repo', path)), { recursive: true })
    await writeFile(join(dir, 'repo', path), text)
  }
}

async function serve(
  files: Record<string, string>,
  repo: Partial<Repo> = {},
  options: Partial<HubOptions> = {},
) {
  await commit(files)
  const hub = await serveHub({ repos: { [REPO]: { folder: join(dir, 'repo'), ...repo } }, ...options })
  hubs.push(hub)
  return hub
}

type Source = Partial<NonNullable<HydrateOptions['source']['huggingFace']>>

const stageHub = (hub: Hub, source: Source = {}, token?: string) =>
  stage(
    volume,
    { huggingFace: { repo: REPO, revision: 'main', ...source } },
    { token, huggingFaceEndpoint: hub.url },
  )
const staged = (path: string) => filesBelow(join(volume, path))

describe('a repository', () => {
  test('is staged as the official client downloads it, at the commit of its branch', async () => {
    const hub = await serve(MODEL, {}, { pageSize: 2 })
    const { path, revision, files } = await stageHub(hub)
    expect(await staged(path)).toEqual(MODEL)
    expect(files).toBe(5)
    expect(revision).toBe(await hub.push(REPO))
    const official = join(dir, 'official')
    await officialDownload(hub.url, REPO, official)
    await rm(join(official, '.cache'), { recursive: true })
    expect(await filesBelow(official)).toEqual(await staged(path))
  })

  test('may be one of a dataset, of which nothing is left out', async () => {
    const files = { 'main/train.parquet': WEIGHTS, 'pytorch_model.bin': 'a', 'model.safetensors': 'b' }
    await commit(files)
    const hub = await serveHub({ repos: { 'datasets/example/data': { folder: join(dir, 'repo') } } })
    hubs.push(hub)
    const { path } = await stageHub(hub, { repo: 'example/data', kind: 'dataset' })
    expect(await staged(path)).toEqual(files)
    const official = join(dir, 'official')
    await officialDownload(hub.url, 'example/data', official, 'dataset')
    await rm(join(official, '.cache'), { recursive: true })
    expect(await filesBelow(official)).toEqual(files)
    expect((await failureOf(stageHub(hub, { repo: 'example/data' }))).reason).toBe('SourceNotFound')
  })

  test('is not fetched a second time, and by its commit without any call', async () => {
    const hub = await serve(MODEL)
    const { digest, revision } = await stageHub(hub)
    const [before, asked] = [hub.sent(), hub.requests.length]
    expect(await stageHub(hub)).toMatchObject({ digest })
    expect(hub.sent()).toBe(before)
    expect(hub.requests.length - asked).toBe(1)
    expect(await stageHub(hub, { revision: revision ?? '' })).toMatchObject({ digest })
    expect(hub.requests.length - asked).toBe(1)
  })

  test('that has a new commit is another snapshot', async () => {
    const hub = await serve(MODEL)
    const first = await stageHub(hub)
    await commit({ 'config.json': '{"model_type":"other"}' })
    await hub.push(REPO)
    const second = await stageHub(hub)
    expect(second.digest).not.toBe(first.digest)
    expect((await staged(first.path))['config.json']).toBe(MODEL['config.json'])
    expect((await staged(second.path))['config.json']).toBe('{"model_type":"other"}')
  })

  test('has the files that the patterns say', async () => {
    const hub = await serve(MODEL)
    const { path } = await stageHub(hub, { include: ['*.json', 'README*'], exclude: ['tokenizer/'] })
    expect(Object.keys(await staged(path)).toSorted()).toEqual(['README.md', 'config.json'])
    expect(await reasonOf(stageHub(hub, { include: ['*.gguf'] }))).toBe('SourceNotFound')
  })

  test('gives no weights twice, unless include asks for them', async () => {
    const hub = await serve({ ...MODEL, 'pytorch_model.bin': WEIGHTS, 'consolidated.00.pth': WEIGHTS })
    const { path, leftOut } = await stageHub(hub)
    expect(await staged(path)).toEqual(MODEL)
    expect(leftOut).toBe(2)
    const all = await stageHub(hub, { include: ['*'] })
    expect(all).toMatchObject({ files: 7 })
    expect(all.leftOut).toBeUndefined()
  })

  test('comes from the mirror that the source names', async () => {
    const hub = await serve(MODEL)
    const { path } = await stage(volume, {
      huggingFace: { repo: REPO, revision: 'main', endpoint: `${hub.url}/` },
    })
    expect(await staged(path)).toEqual(MODEL)
  })

  test('goes on where a connection breaks off, and waits where it is told to', async () => {
    const hub = await serve(MODEL, {}, { first: ['429 1', '503'], breakAfter: [1_000_000, 2_000_000] })
    const { path } = await stageHub(hub)
    expect(await staged(path)).toEqual(MODEL)
    expect(hub.sent()).toBeLessThan(1.5 * WEIGHTS.length)
  })
})

describe('a token', () => {
  test('reads what is private, and does not follow to where the blobs are', async () => {
    const hub = await serve(MODEL, { tokens: ['hf_good'] })
    const { path } = await stageHub(hub, { secretRef: SECRET }, 'hf_good')
    expect(await staged(path)).toEqual(MODEL)
    const sentTo = (isBlob: boolean) =>
      new Set(
        hub.requests.filter(request => request.isBlob === isBlob).map(({ authorization }) => authorization),
      )
    expect(sentTo(false)).toEqual(new Set(['Bearer hf_good']))
    expect(sentTo(true)).toEqual(new Set([undefined]))
  })

  test.each<[string, Partial<Repo>, string | undefined, Source, string]>([
    ['wrong', { tokens: ['hf_good'] }, 'hf_wrong', {}, 'Unauthorized'],
    ['absent from a private repository', { tokens: ['hf_good'] }, undefined, {}, 'SourceNotFound'],
    ['without access to a gated one', { tokens: ['hf_a'], granted: ['hf_b'] }, 'hf_a', {}, 'GatedRepository'],
    [
      'for a repository that is not there',
      { tokens: ['hf_a'] },
      'hf_a',
      { repo: 'org/none' },
      'SourceNotFound',
    ],
    ['for a revision that is not there', { tokens: ['hf_a'] }, 'hf_a', { revision: 'v9' }, 'SourceNotFound'],
  ])('that is %s', async (_, repo, token, source, reason) => {
    const hub = await serve(MODEL, repo)
    const secretRef = token === undefined ? undefined : SECRET
    expect(await reasonOf(stageHub(hub, { ...source, secretRef }, token))).toBe(reason)
  })
})

test('bytes that are not those of the commit are rejected, and nothing appears', async () => {
  const hub = await serve(MODEL)
  const revision = await hub.push(REPO)
  await writeFile(join(dir, 'repo', 'config.json'), '{"model_type":"LLAMA"}')
  expect(await reasonOf(stageHub(hub, { revision }))).toBe('ChecksumMismatch')
  await writeFile(join(dir, 'repo', 'config.json'), MODEL['config.json'])
  await writeFile(join(dir, 'repo', 'model-00002-of-00002.safetensors'), 'x'.repeat(1000))
  // On another volume, because the first run may have fetched that file before it failed.
  volume = join(dir, 'another')
  expect(await reasonOf(stageHub(hub, { revision }))).toBe('ChecksumMismatch')
  expect(Object.keys(await filesBelow(volume)).filter(path => path.startsWith('snapshots'))).toEqual([])
})

test('a hub that answers with something else is named', async () => {
  const hub = await serve(MODEL)
  const work = stage(volume, {
    huggingFace: { repo: REPO, revision: 'main', endpoint: `${hub.url}/org/tiny/resolve/main/config.json?` },
  })
  expect(await reasonOf(work)).toBe('SourceNotFound')
})

describe('a newer commit on the same claim', () => {
  const onClaim = (hub: Hub, given: Partial<HydrateOptions> = {}) =>
    stage(
      volume,
      { huggingFace: { repo: REPO, revision: 'main' } },
      { huggingFaceEndpoint: hub.url, claimUID: 'uid-of-the-claim', ...given },
    )
  const inodes = async (path: string) => {
    const names = Object.keys(await staged(path))
    const found = await Promise.all(names.map(name => stat(join(volume, path, name))))
    return new Map(names.map((name, index) => [name, found[index]?.ino]))
  }
  /** The files of the second snapshot that are not those of the first one. */
  const stored = async (one: string, other: string) => {
    const [before, after] = [await inodes(one), await inodes(other)]
    return [...after].flatMap(([name, inode]) => (before.get(name) === inode ? [] : [name])).toSorted()
  }
  const CHANGED = { ...MODEL, 'config.json': '{"model_type":"other"}' }

  async function twice(given: Partial<HydrateOptions> = {}) {
    const hub = await serve(MODEL)
    const first = await onClaim(hub)
    await commit(CHANGED)
    await hub.push(REPO)
    const before = hub.sent()
    const second = await onClaim(hub, given)
    expect(await staged(second.path)).toEqual(CHANGED)
    expect(await staged(first.path)).toEqual(MODEL)
    return { first, second, sent: hub.sent() - before }
  }

  test('moves and stores only what has changed', async () => {
    const { first, second, sent } = await twice()
    expect(await stored(first.path, second.path)).toEqual(['config.json'])
    expect(sent).toBe(CHANGED['config.json'].length)
  })

  test('outlives the first one, whose files it shares', async () => {
    const { first, second } = await twice()
    const { signal } = new AbortController()
    await prune({ folder: volume, digests: [first.digest], signal })
    expect(await staged(second.path)).toEqual(CHANGED)
  })

  test('shares nothing that nobody vouches for: of another claim, or if everything is to be hashed', async () => {
    for (const given of [{ claimUID: 'another' }, { rehash: true }]) {
      await rm(volume, { recursive: true, force: true })
      const { first, second } = await twice(given)
      expect(await stored(first.path, second.path)).toHaveLength(Object.keys(MODEL).length)
    }
  })

  test('does not take over a file that is shorter than its manifest says', async () => {
    const hub = await serve(MODEL)
    const { path } = await onClaim(hub)
    const damaged = join(volume, path, 'model-00001-of-00002.safetensors')
    await chmod(damaged, 0o644)
    await truncate(damaged, 10)
    await commit(CHANGED)
    await hub.push(REPO)
    expect(await staged((await onClaim(hub)).path)).toEqual(CHANGED)
  })
})
