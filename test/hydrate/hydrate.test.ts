import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hydrationFailure, hydrationReport } from '../../src/api/hydration-report.ts'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'

const INLINE = manifestOf({ inline: { files: { 'chat.jinja': 'hello', 'a/b.txt': 'x' } } })
const ROOT = process.platform === 'linux' && process.getuid?.() === 0

let dir: string
let volume: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-hydrate-'))
  volume = join(dir, 'volume')
  await mkdir(volume)
  await chmod(dir, 0o755)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('inline files become a snapshot; the last line and the file of --report say which', async () => {
  const reportFile = join(dir, 'report')
  const { code, last } = await hydrate(INLINE, ['--into', volume, '--report', reportFile])
  expect(code).toBe(0)
  const report = hydrationReport.parse(last)
  expect(report).toMatchObject({ bytes: 6, files: 2 })
  expect(await filesBelow(join(volume, report.path))).toEqual({ 'chat.jinja': 'hello', 'a/b.txt': 'x' })
  expect(JSON.parse(await readFile(reportFile, 'utf8'))).toEqual(last)
  const again = await hydrate(INLINE, ['--into', volume])
  expect(again.last).toMatchObject({ digest: report.digest, path: report.path })
})

test('a ConfigMap becomes one, as kubelet mounts it', async () => {
  const folder = join(dir, 'config-maps', 'generation')
  await mkdir(join(folder, '..2031_05_04'), { recursive: true })
  await writeFile(join(folder, '..2031_05_04', 'generation_config.json'), '{"temperature":0.6}')
  await symlink('..2031_05_04', join(folder, '..data'))
  await symlink('..data/generation_config.json', join(folder, 'generation_config.json'))
  const manifest = manifestOf({ configMap: { name: 'generation' } })
  const { code, last } = await hydrate(manifest, [
    '--into',
    volume,
    '--config-maps',
    join(dir, 'config-maps'),
  ])
  expect(code).toBe(0)
  expect(await filesBelow(join(volume, String(last.path)))).toEqual({
    'generation_config.json': '{"temperature":0.6}',
  })
  const missing = await hydrate(manifest, ['--into', volume, '--config-maps', dir])
  expect(missing.code).toBe(1)
  expect(hydrationFailure.parse(missing.last)).toMatchObject({
    reason: 'ConfigMapNotFound',
    source: 'configmap/generation',
  })
})

describe('what cannot be understood is said with exit code 2:', () => {
  test.each<[string, string, string[], RegExp]>([
    ['no folder', INLINE, [], /one of --into DIR, --measure and --dry-run/],
    ['no ModelCache', 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n', ['--into', 'x'], /no ModelCache/],
    ['two ModelCaches', `${INLINE}---\n${INLINE}`, ['--into', 'x'], /several/],
    ['no YAML', '{', ['--into', 'x'], /stdin/],
    [
      'two sources',
      manifestOf({ inline: { files: { a: '1' } }, configMap: { name: 'c' } }),
      ['--into', 'x'],
      /ArtifactSourceAmbiguous/,
    ],
    [
      'a name that leads out',
      manifestOf({ inline: { files: { '../a': '1' } } }),
      ['--into', 'x'],
      /SourceInvalid/,
    ],
  ])('%s', async (_, manifest, args, words) => {
    const { code, stderr } = await hydrate(manifest, args)
    expect(code).toBe(2)
    expect(stderr).toMatch(words)
  })
})

test('what this version does not do is rejected by name', async () => {
  const manifest = manifestOf({ inline: { files: { a: 'a' } } }).replace('kind: Weights', 'kind: Adapter')
  const { code, stderr } = await hydrate(manifest, ['--into', volume])
  expect(code).toBe(2)
  expect(stderr).toContain('NotImplemented: spec.artifact.kind Adapter is not implemented; use Weights')
})

const SECRET = { name: 'mine' }
test.each<[string, string, object]>([
  ['a token', 'token', { huggingFace: { repo: 'a/b', endpoint: 'http://127.0.0.1:9', secretRef: SECRET } }],
  [
    'a session',
    'AWS_SESSION_TOKEN',
    { s3: { uri: 's3://bucket/x/', endpoint: 'http://127.0.0.1:9', secretRef: SECRET } },
  ],
])('the token of a ServiceAccount goes to no source as %s', async (_, key, source) => {
  const payload = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:ml-team:deployer' }))
  const secrets = join(volume, 'secrets')
  await mkdir(join(secrets, SECRET.name), { recursive: true })
  await writeFile(join(secrets, SECRET.name, key), `e30.${payload.toString('base64url')}.c2ln`)
  const args = ['--into', join(volume, 'into'), '--secrets', secrets]
  const { code, last } = await hydrate(manifestOf(source), args)
  expect(code).toBe(1)
  expect(last).toMatchObject({
    reason: 'SecretNotAllowed',
    message: expect.stringContaining(`key ${key} of`),
  })
})

describe.skipIf(!ROOT)('a volume', () => {
  test('that the user may not write is VolumeNotWritable, with the user and the way out', async () => {
    const { code, last } = await hydrate(INLINE, ['--into', volume], { uid: 65532 })
    expect(code).toBe(1)
    expect(last).toMatchObject({
      reason: 'VolumeNotWritable',
      message: expect.stringMatching(/user 65532 .*spec\.hydration\.securityContext/),
    })
  })

  test('that is read-only is VolumeNotWritable', async () => {
    const script = `mount -t tmpfs -o ro tmpfs ${volume} && exec "$@"`
    const before = ['unshare', '-m', 'sh', '-c', script, 'sh']
    const { last } = await hydrate(INLINE, ['--into', volume], { before })
    expect(last).toMatchObject({ reason: 'VolumeNotWritable', message: expect.stringContaining('EROFS') })
  })

  test('that is full is NoSpace, and what was complete before stays', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 'x'.repeat(5_000)]))
    const large = join(dir, 'large.yaml')
    await writeFile(large, manifestOf({ inline: { files } }))
    const copy = join(dir, 'copy')
    // The first run fits, and the second does not. Then the volume is inspected before it goes.
    const script = [
      `mount -t tmpfs -o size=96k tmpfs ${volume}`,
      'node=$1 main=$2; shift 5',
      '"$node" "$main" hydrate -f - "$@" || exit 9',
      `"$node" "$main" hydrate -f ${large} "$@"; code=$?`,
      `cp -r ${volume} ${copy}; exit $code`,
    ].join('; ')
    const before = ['unshare', '-m', 'sh', '-c', script, 'sh']
    const { code, last, lines } = await hydrate(INLINE, ['--into', volume], { before })
    expect(code, lines.join()).toBe(1)
    expect(last).toMatchObject({ reason: 'NoSpace', message: expect.stringContaining('sizeGiB') })
    const { path } = hydrationReport.parse(JSON.parse(lines[0] ?? ''))
    expect(await filesBelow(join(copy, path))).toEqual({ 'chat.jinja': 'hello', 'a/b.txt': 'x' })
  })
})
