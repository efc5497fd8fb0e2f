import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CACHE, CLASS } from '../src/review/fixtures.ts'
import { inRepository, kustomize } from '../test/manifests/support/rendered.ts'
import { ensureBinaries, ensureHelm } from '../test/testbed/binaries.ts'
import { outputOf, runCommand } from '../test/testbed/command.ts'
import { parseObjects } from '../test/testbed/objects.ts'

// Everything of a release but the images, which test/node/image.test.ts has.

const IMAGE = 'registry.example.com/modelcache'
let dir: string
let into: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-release-'))
  into = join(dir, 'release')
  const { kubectl } = await ensureBinaries(() => {})
  const helm = await ensureHelm(() => {})
  const bin = join(dir, 'installed/node_modules/.bin')
  const path = [bin, dirname(kubectl), dirname(helm), dirname(process.execPath), process.env.PATH]
  env = { ...process.env, PATH: path.join(delimiter) }
  const args = ['tools/release.ts', '--builder=none', '--into', into, '--image', IMAGE]
  outputOf(await runCommand(process.execPath, args, { cwd: inRepository('.'), env }), 'tools/release.ts')
  await writeFile(join(dir, 'in.yaml'), `${CLASS}---${CACHE}`)
}, 300_000)
afterAll(() => rm(dir, { recursive: true, force: true }))

const inRelease = (file: string) => readFile(join(into, file), 'utf8')

test('its checksums are right', async () => {
  const { code, stdout } = await runCommand('sha256sum', ['--check', 'SHA256SUMS'], { cwd: into })
  expect(code).toBe(0)
  expect(stdout.match(/: OK$/gm)).toHaveLength(5)
})

test('install.yaml is manifests/ with the image of the release, and crds.yaml its CRDs', async () => {
  const install = await inRelease('install.yaml')
  const released = (text: string) => text.replaceAll(`image: ${IMAGE}:`, 'image: modelcache:')
  expect(parseObjects(released(install))).toEqual(await kustomize('manifests'))
  expect(install).toContain(`image: ${IMAGE}:0.1.0`)
  const crds = parseObjects(await inRelease('crds.yaml'))
  expect(crds.map(({ kind }) => kind)).toEqual(Array(3).fill('CustomResourceDefinition'))
})

test('the SBOM names every library, and nothing that only builds or tests', async () => {
  const { packages } = JSON.parse(await inRelease('modelcache-0.1.0.spdx.json'))
  const names = packages.map(({ name }: { name: string }) => name)
  const { dependencies } = JSON.parse(await readFile(inRepository('package.json'), 'utf8'))
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
  for (const name of ['vitest', 'rolldown', 'typescript', 'node']) expect(names).not.toContain(name)
})

describe('the npm package', () => {
  beforeAll(async () => {
    const folder = join(dir, 'installed')
    await writeFile(join(dir, 'package.json'), '{}')
    const args = ['install', '--prefix', folder, '--offline', '--no-audit', '--no-fund']
    outputOf(
      await runCommand('npm', [...args, join(into, 'modelcache-0.1.0.tgz')], { cwd: dir, env }),
      'npm install',
    )
  }, 120_000)

  const inside = (command: string, ...args: string[]) =>
    runCommand(command, args, { cwd: join(dir, 'installed'), env })

  test('reviews manifests by npx, without any other package', async () => {
    const { code, stdout } = await inside(
      'npx',
      '--offline',
      'modelcache',
      'review',
      '-f',
      join(dir, 'in.yaml'),
    )
    expect(stdout).toContain('ModelCache default/llama: admitted')
    expect(code).toBe(0)
  })

  test('is a plugin of kubectl, which completes it', async () => {
    expect(await inside('kubectl', 'modelcache', '--version')).toMatchObject({
      code: 0,
      stdout: 'modelcache 0.1.0\n',
    })
    const help = await inside('kubectl', 'modelcache', '-h')
    expect(help.stdout).toContain('Usage: kubectl modelcache ROLE')
    expect(help.stdout).not.toContain('serve the admission webhooks')
    const { stdout } = await inside('kubectl', '__complete', 'modelcache', 'wa')
    expect(stdout.split('\n')[0]).toBe('wait')
  })

  test('completes in bash', async () => {
    const script = `source <(modelcache completion bash)
COMP_WORDS=(modelcache wait --t) COMP_CWORD=2
_modelcache && echo "\${COMPREPLY[@]}"`
    expect(await inside('bash', '-c', script)).toMatchObject({ code: 0, stdout: '--timeout\n' })
  })
})
