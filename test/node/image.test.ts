import { readFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { inRepository } from '../manifests/support/rendered.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { buildProduct } from '../testbed/node/images.ts'
import { kubectl, NO_NODE, SYSTEM } from './support/cluster.ts'

const EPOCH = 1_700_000_000
/** Downloaded size; most of it is Node. */
const MAX_MIB = 60

const descriptor = z.looseObject({ digest: z.string() })
const index = z.looseObject({ manifests: z.tuple([descriptor]) })
const manifest = z.looseObject({ config: descriptor, layers: z.array(descriptor) })
const config = z.looseObject({
  created: z.string(),
  config: z.looseObject({
    User: z.string(),
    Entrypoint: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
  }),
})
const packageJson = z
  .object({ version: z.string(), license: z.string() })
  .parse(JSON.parse(readFileSync(inRepository('package.json'), 'utf8')))

describe.skipIf(NO_NODE)('the image that the Dockerfile gives', () => {
  let dir: string
  let archives: string[]
  let files: string[]

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelcache-image-'))
    archives = ['one.tar', 'two.tar'].map(name => join(dir, name))
    for (const archive of archives) await buildProduct(archive, EPOCH)
    const [first = ''] = archives
    const { layers } = await manifestOf(first)
    const listed = await Promise.all(
      layers.map(({ digest }) => shell(`tar -xOf ${first} ${blob(digest)} | gzip -cdf | tar -t`)),
    )
    files = listed.flatMap(text => text.split('\n').map(path => path.replace(/^\.?\//, '')))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  const shell = async (line: string) => outputOf(await runCommand('sh', ['-c', line]), line)
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`
  const read = async <T>(archive: string, path: string, schema: z.ZodType<T>) =>
    schema.parse(JSON.parse(await shell(`tar -xOf ${archive} ${path}`)))
  const manifestOf = async (archive: string) => {
    const [top] = (await read(archive, 'index.json', index)).manifests
    return read(archive, blob(top.digest), manifest)
  }
  const configOf = async (archive: string) =>
    read(archive, blob((await manifestOf(archive)).config.digest), config)

  test('is the same whenever it is built from the same sources', async () => {
    const [one, two] = await Promise.all(archives.map(manifestOf))
    expect(one?.layers.map(({ digest }) => digest)).toEqual(two?.layers.map(({ digest }) => digest))
    expect(one?.config.digest).toBe(two?.config.digest)
    const { created } = await configOf(archives[0] ?? '')
    expect(Date.parse(created)).toBe(EPOCH * 1000)
  })

  test('says what it is, runs as a user by number, and has one entry point', async () => {
    const { config: said } = await configOf(archives[0] ?? '')
    expect(said.Labels).toMatchObject({
      'org.opencontainers.image.title': 'modelcache',
      'org.opencontainers.image.version': packageJson.version,
      'org.opencontainers.image.licenses': packageJson.license,
    })
    expect(said.User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(said.Entrypoint).toEqual(['/usr/local/bin/node', '/app/main.js'])
  })

  test('has no shell, no package manager, no test help and nothing that only development needs', () => {
    expect(files).toContain('app/main.js')
    expect(files).toContain('app/hash-worker.js')
    expect(files).toContain('app/THIRD-PARTY-LICENSES.txt')
    expect(files.filter(path => /(^|\/)s?bin\/(ba|da)?sh$|(^|\/)(npm|npx|apt|dpkg)$/.test(path))).toEqual([])
    expect(files.filter(path => /^app\/(?!([\w.-]+|)$)/.test(path))).toEqual([])
    expect(files.filter(path => /^app\/.*\.ts$/.test(path))).toEqual([])
  })

  test('is small', async () => {
    const mib = Math.round((await stat(archives[0] ?? '')).size / 2 ** 20)
    console.log(`image: ${mib} MiB`)
    expect(mib).toBeLessThan(MAX_MIB)
  })

  test('stands on bases of a stated version', () => {
    const bases = [...readFileSync(inRepository('Dockerfile'), 'utf8').matchAll(/^ARG \w+=(\S+)$/gm)]
    expect(bases).toHaveLength(2)
    for (const [, base = ''] of bases) expect(base).toMatch(/^[\w.]+\/[\w./-]+:[\w.-]+$/)
  })

  test('runs as that user, and cannot write its own file system', async () => {
    const script =
      "console.log(process.getuid()); try { require('fs').writeFileSync('/x', '') } catch (e) { console.log(e.code) }"
    for (const role of ['webhook', 'controller']) {
      const said = await kubectl([
        ...['exec', '--namespace', SYSTEM, `deployment/modelcache-${role}`, '--'],
        ...['/usr/local/bin/node', '--eval', script],
      ])
      expect(outputOf(said, `asking the ${role}`).trim().split('\n')).toEqual(['65532', 'EROFS'])
    }
  })
})
