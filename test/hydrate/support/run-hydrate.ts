import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { z } from 'zod'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface Hydrated {
  code: number | null
  /** The last line of the output: a report, or why there is none. */
  last: Record<string, unknown>
  lines: readonly string[]
  stderr: string
}

/** The manifest of a ModelCache with that source. */
export function manifestOf(source: object): string {
  return stringify({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name: 'cache', namespace: 'team' },
    spec: {
      artifact: { kind: 'Weights', source },
      mount: { path: '/mnt/model' },
      storage: { backend: 'PVC' },
    },
  })
}

/**
 * Runs `modelcache hydrate` with a manifest on its standard input, if there is one. `before` is a command
 * that runs it, such as one for another user.
 */
export function startHydrate(
  manifest: string | undefined,
  args: readonly string[],
  { before = [], uid, env = {} }: { before?: readonly string[]; uid?: number; env?: NodeJS.ProcessEnv } = {},
) {
  const input = manifest === undefined ? [] : ['-f', '-']
  const [command = '', ...rest] = [...before, process.execPath, MAIN, 'hydrate', ...input, ...args]
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  child.stdin.end(manifest)
  const ended = new Promise<number | null>(resolve => child.on('close', code => resolve(code)))
  const done = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([code, stdout, stderr]): Hydrated => {
      const lines = stdout.split('\n').filter(line => line !== '')
      return { code, lines, stderr, last: record.parse(JSON.parse(lines.at(-1) ?? '{}')) }
    },
  )
  return { child, done }
}

const record = z.record(z.string(), z.unknown())

export function hydrate(...args: Parameters<typeof startHydrate>): Promise<Hydrated> {
  return startHydrate(...args).done
}
