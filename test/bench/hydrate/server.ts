import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from '../../testbed/cache.ts'
import { runCommand } from '../../testbed/command.ts'
import type { Limits } from './rows.ts'

const SOURCE = fileURLToPath(new URL('server', import.meta.url))

export interface Served extends AsyncDisposable {
  url: string
}

/** Builds the server into the cache of the test bed. */
export async function buildServer(): Promise<string> {
  const folder = join(cacheRoot(), 'bench')
  await mkdir(folder, { recursive: true })
  const output = join(folder, 'server')
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' }
  const { code, stderr } = await runCommand('go', ['build', '-o', output, '.'], { cwd: SOURCE, env })
  if (code !== 0) throw new Error(`the server of the benchmark cannot be built: ${stderr}`)
  return output
}

/** Serves a folder on any loopback port. */
export async function serveFolder(binary: string, folder: string, limits?: Limits): Promise<Served> {
  const more = limits === undefined ? [] : [String(limits.mibPerSecond), String(limits.requestMs)]
  const child = spawn(binary, [folder, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
  const address = await readyAt(child)
  return {
    url: `http://${address}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function readyAt(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    const [, address] = /ready (\S+)/.exec(text) ?? []
    if (address !== undefined) return address
  }
  throw new Error('the server of the benchmark has ended')
}
