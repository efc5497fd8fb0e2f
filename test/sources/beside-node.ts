import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from '../testbed/host.ts'
import { startChild } from '../testbed/process.ts'
import { waitUntil } from '../testbed/wait.ts'
import { writeModel } from './model.ts'

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url))
const READY_MS = 30_000

/** A model, and a hub and a web server that pods can reach. */
export interface Sources extends AsyncDisposable {
  /** URL of the hub, which has the model as example/model. */
  hub: string
  web: string
  /** SHA-256 of each shard. */
  sums: Record<string, string>
}

/** Writes a model and serves it inside a sandbox. `bytesPerSecond` applies to each file; 0 means no limit. */
export async function startSources(
  { enter, address }: Pick<Host, 'enter' | 'address'>,
  { port = 7_600, bytesPerSecond = 0, shards = 3, shardMiB = 100 } = {},
): Promise<Sources> {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-sources-'))
  const folder = join(dir, 'model')
  const sums = await writeModel(folder, { shards, shardMiB })
  const [command = '', ...args] = [
    ...enter,
    ...[process.execPath, SERVE, address, `${port}`, `${bytesPerSecond}`, folder],
  ]
  const logPath = join(dir, 'serve.log')
  const child = startChild({ name: 'sources', command, args, logPath })
  await waitUntil({
    what: 'the hub',
    timeoutMs: READY_MS,
    children: [child],
    probe: async () => ((await readFile(logPath, 'utf8')).includes('serving') ? undefined : 'it is silent'),
  })
  return {
    hub: `http://${address}:${port}`,
    web: `http://${address}:${port + 2}`,
    sums,
    async [Symbol.asyncDispose]() {
      await child.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
