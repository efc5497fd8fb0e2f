import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runCommand } from '../testbed/command.ts'
import { isAlive } from '../testbed/pid.ts'
import { waitUntil } from '../testbed/wait.ts'
import { NO_NODE } from './support/cluster.ts'

const SANDBOX = fileURLToPath(new URL('../testbed/node/sandbox.ts', import.meta.url))

/** Starts a sandbox with a process in it, and waits to be killed. */
const OWNER = `
  import { spawn } from 'node:child_process'
  const { startSandbox } = await import(process.argv[1])
  const { enter, cgroup } = await startSandbox(process.argv[2])
  const [command, ...args] = [...enter, 'sh', '-c', 'echo $$ > ' + process.argv[2] + '/node/inside; mount -t tmpfs tmpfs /mnt; sleep 3600']
  spawn(command, args, { detached: true, stdio: 'ignore' })
  console.log(cgroup)
  setInterval(() => {}, 1000)
`

test.skipIf(NO_NODE)('nothing of a sandbox outlives an owner that is killed outright', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-sandbox-'))
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER, SANDBOX, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(owner.stdout, 'data')
    const cgroup = String(line).trim()
    const hierarchies = existsSync('/sys/fs/cgroup/cgroup.controllers')
      ? ['']
      : await readdir('/sys/fs/cgroup')
    const left = () => hierarchies.filter(name => existsSync(join('/sys/fs/cgroup', name, cgroup)))
    expect(left()).not.toEqual([])
    const inside = await processesBelow(owner.pid ?? 0)
    expect(inside.length).toBeGreaterThan(0)
    owner.kill('SIGKILL')
    await waitUntil({
      what: 'the end of all that was in the sandbox',
      timeoutMs: 180_000,
      probe: async () => {
        const rest = [...inside.filter(isAlive), ...left()]
        return rest.length === 0 && !existsSync(join(dir, 'node')) ? undefined : `left: ${rest.join(', ')}`
      },
    })
    expect((await runCommand('mount', [])).stdout).not.toContain(dir)
  } finally {
    owner.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
})

/** The numbers of all descendants of a process. */
async function processesBelow(pid: number): Promise<number[]> {
  const { stdout } = await runCommand('ps', ['--ppid', `${pid}`, '-o', 'pid='])
  const children = stdout.split('\n').flatMap(line => (line.trim() === '' ? [] : [Number(line)]))
  return [...children, ...(await Promise.all(children.map(processesBelow))).flat()]
}
