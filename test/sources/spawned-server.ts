import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

export interface SpawnedServer extends AsyncDisposable {
  readonly url: string
}

/** Starts a server that says where it listens, as the pattern captures it. */
export async function spawnServer(
  [command = '', ...args]: readonly string[],
  { env = process.env, listens }: { env?: NodeJS.ProcessEnv; listens: RegExp },
): Promise<SpawnedServer> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const url = await urlOf(child, listens)
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      // It keeps nothing, and some wait a minute for their connections.
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function urlOf(child: ChildProcess, listens: RegExp): Promise<string> {
  let text = ''
  const read = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  for (let tries = 0; tries < 600; tries++) {
    const [, url] = listens.exec(text) ?? []
    if (url !== undefined) return url
    if (child.exitCode !== null) break
    await pause(100)
  }
  throw new Error(`${child.spawnfile} did not start: ${text}`)
}
