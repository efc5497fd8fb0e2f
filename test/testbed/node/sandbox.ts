import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from '../host.ts'
import { startChild } from '../process.ts'
import { waitUntil } from '../wait.ts'
import { forwardPort } from './port-forward.ts'

/** A place on this machine where a node can run: namespaces of its own. Nothing gets out of them. */
export interface Sandbox extends Host {
  readonly dir: string
  /** A folder inside that is removed with it: images, containers, volumes. */
  readonly data: string
  /** The cgroup above all pods, as a path from the root of each hierarchy. */
  readonly cgroup: string
  /** Ends every process in it. Resolves when nothing of it is left. */
  stop(): Promise<void>
}

const ADDRESS = '10.200.0.1'
const CGROUPS = '/sys/fs/cgroup'
const READY_MS = 20_000

/**
 * Creates network, process and mount namespaces. Their first process dies with this one. Then the kernel ends
 * all other processes in them, including pods, and with the last one their mounts and networks are gone. A
 * janitor that outlives both removes the cgroups that remain.
 */
export async function startSandbox(dir: string): Promise<Sandbox> {
  await using started = new AsyncDisposableStack()
  const ready = join(dir, 'sandbox.ready')
  const data = join(dir, 'node')
  await mkdir(data, { recursive: true })
  const holder = startChild({
    name: 'sandbox',
    command: 'unshare',
    args: [
      ...['--net', '--pid', '--mount', '--fork', '--kill-child=KILL', '--mount-proc'],
      ...['bash', script('sandbox-init.sh'), ADDRESS, ready],
    ],
    logPath: join(dir, 'log', 'sandbox.log'),
  })
  started.defer(() => holder.kill())
  await waitUntil({
    what: 'a sandbox for the node',
    timeoutMs: READY_MS,
    children: [holder],
    probe: async () => (existsSync(ready) ? undefined : 'its network is not set up'),
  })
  const init = await onlyChildOf(holder.pid)
  const cgroup = `/modelcache-testbed-${process.pid}-${holder.pid}`
  await makeCgroups(cgroup)
  const janitor = startJanitor(init, cgroup, data)
  const enter = ['nsenter', `--target=${init}`, '--net', '--pid', '--mount', '--']
  const running = started.move()
  return {
    dir,
    data,
    enter,
    address: ADDRESS,
    cgroup,
    expose: async port => {
      const door = await forwardPort({ dir, enter, port })
      running.defer(() => door.close())
      return door.port
    },
    stop: async () => {
      await running.disposeAsync()
      await janitor()
    },
  }
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** unshare forks, and its child is the first process of the new namespaces. */
async function onlyChildOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const child = Number.parseInt(children, 10)
  if (!(child > 0)) throw new Error(`process ${pid} has no child to enter the namespaces of`)
  return child
}

/** With cgroup v1 each controller has its own hierarchy, and with v2 there is one for all. */
async function makeCgroups(cgroup: string): Promise<void> {
  const isV2 = existsSync(join(CGROUPS, 'cgroup.controllers'))
  const hierarchies = isV2 ? [''] : await readdir(CGROUPS)
  await Promise.all(hierarchies.map(name => mkdir(join(CGROUPS, name, cgroup), { recursive: true })))
}

/** The janitor goes on when this process does not. It waits for the end of the given process. */
function startJanitor(init: number, cgroup: string, data: string): () => Promise<void> {
  const args = [`${init}`, cgroup, data]
  const janitor = spawn(script('sandbox-janitor.sh'), args, { detached: true, stdio: 'ignore' })
  const ended = once(janitor, 'exit')
  janitor.unref()
  return async () => {
    janitor.ref()
    const [code] = await ended
    if (code !== 0) throw new Error(`cgroups ${cgroup} are left in ${CGROUPS}`)
  }
}
