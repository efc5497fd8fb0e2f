import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SERVICES, TOOLS } from '../src/commands/roles.ts'
import { hydrate, manifestOf } from '../test/hydrate/support/run-hydrate.ts'
import { serveWeb } from '../test/sources/web.ts'
import { runCommand } from '../test/testbed/command.ts'

// The bundle that the image and the npm package have.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
let dir: string
let main: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-build-'))
  main = join(dir, 'dist', 'main.js')
  const built = await runCommand(process.execPath, [join(ROOT, 'tools/build.ts'), join(dir, 'dist')])
  expect(built).toMatchObject({ code: 0, stderr: '' })
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test.each([...Object.keys(TOOLS), ...Object.keys(SERVICES)])(
  'role %s says the same as from its sources',
  async role => {
    const [bundled, source] = await Promise.all(
      [main, join(ROOT, 'src/main.ts')].map(file => runCommand(process.execPath, [file, role, '--help'])),
    )
    expect(bundled?.stdout).toMatch(/^Usage: modelcache /)
    expect(bundled).toEqual(source)
  },
)

test('a large file is staged in parts, and hashed by the thread', async () => {
  const body = randomBytes(80 * 1024 * 1024)
  await using web = await serveWeb({ '/model.gguf': { body, etag: '"v1"' } })
  const sha256 = createHash('sha256').update(body).digest('hex')
  const manifest = manifestOf({ http: { url: `${web.url}/model.gguf`, sha256 } })
  const { code, last } = await hydrate(manifest, ['--into', join(dir, 'volume')], { main })
  expect({ code, last }).toMatchObject({ code: 0, last: { bytes: body.length, files: 1 } })
  expect(web.requests.length).toBeGreaterThan(2)
})

test('a review reads the examples', async () => {
  const args = ['review', '--assume-ready', '-f', join(ROOT, 'examples/multi-node-gang')]
  const [bundled, source] = await Promise.all(
    [main, join(ROOT, 'src/main.ts')].map(file => runCommand(process.execPath, [file, ...args])),
  )
  expect(bundled?.stdout).toContain('LeaderWorkerSet default/llama-gang: admitted')
  expect(bundled).toEqual(source)
})

test('it names the licenses of all libraries that are in it', async () => {
  const text = await readFile(join(dir, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8')
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) expect(text).toContain(`\n${name} ${dependencies[name]} (`)
})
