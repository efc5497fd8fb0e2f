import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { SERVICES } from './commands/roles.ts'
import { configFor } from './kube/api-server.fixtures.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-main-'))
})
afterEach(() => rm(dir, { recursive: true }))

test.each(Object.keys(SERVICES))(
  '%s ends if its port is taken, whatever it has started before',
  async role => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, configFor('http://127.0.0.1:1').exportConfig())

    const args = [MAIN, role, '--kubeconfig', kubeconfig, '--host', '127.0.0.1', '--health-port', `${port}`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    let said = ''
    child.stderr.on('data', chunk => {
      said += String(chunk)
    })
    const [code] = await once(child, 'close')
    taken.close()
    expect(said).toContain('EADDRINUSE')
    expect(code).toBe(1)
  },
)
