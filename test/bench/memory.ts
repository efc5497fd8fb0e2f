import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { createRest } from '../../src/kube/rest.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { startControlPlane } from '../testbed/control-plane.ts'
import { httpGet } from '../testbed/http.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { startProduct } from '../testbed/product.ts'
import type { Role } from '../testbed/role.ts'
import { type ClusterSize, fillCluster } from './fill-cluster.ts'

const SIZE: ClusterSize = { namespaces: 100, caches: 10_000, pods: 10_000 }
/** After this much rest, the memory of a process counts as idle. */
const IDLE_MS = 30_000

/**
 * Start-up and memory of the webhook and the controller, as real processes on a real control plane: empty
 * first, then full.
 */
export async function benchMemory(): Promise<void> {
  await using started = new AsyncDisposableStack()
  const binaries = await ensureBinaries(console.log)
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const controlPlane = await startControlPlane({ dir, binaries })
  started.defer(() => controlPlane.stop())
  const product = await startProduct({ dir, binaries, controlPlane })
  started.defer(() => product.stop())
  const roles = { webhook: product.webhook, controller: product.controller }

  await measure('nothing', roles)
  await product.stop()
  // Without a running webhook, the configurations would block what is created now.
  const kubectl = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir)
  for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
    await kubectl(['delete', kind, '--all'])
  }
  const began = performance.now()
  await fillCluster(createRest(loadKubeConfig(controlPlane.kubeconfig)), SIZE)
  console.log(`filled in ${seconds(performance.now() - began)}`)
  await measure(`${SIZE.caches} caches, ${SIZE.pods} pods, ${SIZE.namespaces} namespaces`, roles)
}

/** Starts each role again, alone, and prints its time and memory. */
async function measure(what: string, roles: Record<string, Role>): Promise<void> {
  console.log(`\n${what}`)
  for (const role of Object.values(roles)) await role.stop()
  for (const [name, role] of Object.entries(roles)) {
    const began = Date.now()
    await role.start()
    const ready = Date.now() - began
    const synced = (await syncedAt(role)) - began
    const atReady = await memoryOf(role)
    await pause(IDLE_MS)
    const idle = await memoryOf(role)
    console.log(
      `  ${name.padEnd(11)} ready after ${seconds(ready)}, synced after ${seconds(synced)}; ` +
        `RSS ${atReady.rss} MiB when ready, ${idle.rss} MiB after ${seconds(IDLE_MS)}, peak ${idle.peak} MiB; ` +
        `heap in use ${await heapOf(role)} MiB`,
    )
    await role.stop()
  }
}

/** When the role last logged that its watches are synced, in milliseconds since the epoch. */
async function syncedAt({ logPath }: Role): Promise<number> {
  const lines = (await readFile(logPath, 'utf8')).split('\n')
  const time = /"time":(\d+)/.exec(lines.findLast(line => line.includes('"watches are synced"')) ?? '')?.[1]
  return Number(time)
}

/** Resident memory now and at its peak, in MiB, as the kernel reports it. */
async function memoryOf(role: Role): Promise<{ rss: number; peak: number }> {
  const status = await readFile(`/proc/${role.child()?.pid}/status`, 'utf8')
  const field = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024)
  return { rss: field('VmRSS'), peak: field('VmHWM') }
}

async function heapOf({ healthUrl }: Role): Promise<number> {
  const { body } = await httpGet(`${healthUrl}/metrics`)
  const bytes = Number(/^nodejs_heap_size_used_bytes (\d+)$/m.exec(body)?.[1])
  return Math.round(bytes / 2 ** 20)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
