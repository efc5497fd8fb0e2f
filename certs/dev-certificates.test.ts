import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('dev-certificates.ts', import.meta.url))

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dev-certificates-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

it('writes a CA and a certificate for the Service, keys readable to the owner alone', async () => {
  const out = join(dir, 'new')
  expect(await run('--out', out, '--namespace', 'elsewhere', '--days', '2')).toMatchObject({ code: 0 })
  const [ca, leaf] = await Promise.all([certificate(out, 'ca.crt'), certificate(out, 'tls.crt')])
  expect(leaf.checkIssued(ca)).toBe(true)
  expect(leaf.checkHost('modelcache-webhook.elsewhere.svc')).toBeDefined()
  for (const key of ['ca.key', 'tls.key']) expect((await stat(join(out, key))).mode & 0o777).toBe(0o600)
})

it('overwrites only when told to', async () => {
  await run('--out', dir)
  const before = await readFile(join(dir, 'ca.crt'), 'utf8')
  expect(await run('--out', dir)).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') })
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(before)
  expect(await run('--out', dir, '--force')).toMatchObject({ code: 0 })
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).not.toBe(before)
})

it.each([[[]], [['--out', 'x', '--days', '0']], [['--nonsense']]])(
  'rejects %j as wrong usage',
  async args => {
    expect(await run(...args)).toMatchObject({ code: 2 })
  },
)

it('explains itself', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--namespace') })
})

async function certificate(folder: string, name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(folder, name)))
}

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [SCRIPT, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}
