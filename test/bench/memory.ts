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
import { shippedHeap } from '../testbed/shipped-heap.ts'
import { waitUntil } from '../testbed/wait.ts'
import { buildBundle } from './bundle.ts'
import { type ClusterSize, fillCluster } from './fill-cluster.ts'
import { memoryOf } from './memory-of.ts'
import { type Result, rowOf } from './results.ts'

const SIZE: ClusterSize = { namespaces: 100, caches: 10_000, pods: 10_000 }
/** How often each role starts. The API server collects its garbage during some starts only. */
const STARTS = 5
/** After this much rest, the memory of a process counts as idle. */
const IDLE_MS = 30_000
const AS_SHIPPED = { NODE_OPTIONS: shippedHeap(512) }

/**
 * Measures start-up and memory of the webhook and the controller on a real control plane, first empty and
 * then full. Both run from the bundle, as in the image.
 */
export async function benchMemory(): Promise<Result[]> {
  await using started = new AsyncDisposableStack()
  const binaries = await ensureBinaries(console.log)
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const controlPlane = await startControlPlane({ dir, binaries })
  started.defer(() => controlPlane.stop())
  const main = await buildBundle(join(dir, 'dist'))
  const settings = { webhook: { main, env: AS_SHIPPED }, controller: { main, env: AS_SHIPPED } }
  const product = await startProduct({ dir, binaries, controlPlane, settings })
  started.defer(() => product.stop())
  const roles = { webhook: product.webhook, controller: product.controller }

  const empty = await measure('nothing', roles)
  await product.stop()
  // Without a running webhook, the configurations would block what is created now.
  const kubectl = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir)
  for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
    await kubectl(['delete', kind, '--all'])
  }
  const began = performance.now()
  await fillCluster(createRest(loadKubeConfig(controlPlane.kubeconfig)), SIZE)
  console.log(`filled in ${seconds(performance.now() - began)}`)
  await settle(product.controller)
  const what = `${SIZE.caches} caches, ${SIZE.pods} pods, ${SIZE.namespaces} namespaces`
  const full = await measure(what, roles)
  return Object.keys(roles).flatMap(role => rowsOf(role, what, empty.get(role), full.get(role)))
}

/** The first start writes into the status of each cache who uses it. Later ones find nothing to write. */
async function settle(controller: Role): Promise<void> {
  await controller.start()
  await waitUntil({
    what: 'a look at each cache',
    timeoutMs: 300_000,
    async probe() {
      const { all, waiting } = await looksOf(controller)
      return all >= SIZE.caches && waiting === 0 ? undefined : `${all} looks, ${waiting} are waiting`
    },
  })
  await controller.stop()
}

interface Figures {
  /** Of each start. */
  seconds: readonly number[]
  mib: number
}

function rowsOf(role: string, what: string, empty: Figures | undefined, full: Figures | undefined): Result[] {
  const suffix = role === 'webhook' ? '10000' : `10000-${role}`
  const row = (name: string, work: string, unit: string, figuresOf: (of: Figures) => readonly number[]) =>
    rowOf({
      ...{
        name: `${name}-${suffix}`,
        work: `${work} of the ${role}, ${what}`,
        unit,
        ours: `modelcache ${role}`,
      },
      figures: new Map([
        [`modelcache ${role}`, full === undefined ? [] : [...figuresOf(full)]],
        ['the same, empty', empty === undefined ? [] : [...figuresOf(empty)]],
      ]),
    })
  return [
    row('start', 'time until it is ready,', 's', ({ seconds }) => seconds),
    row('memory', 'memory (RSS) at rest', 'MiB', ({ mib }) => [mib]),
  ]
}

/** Starts each role several times, alone, and prints its time and memory. */
async function measure(what: string, roles: Record<string, Role>): Promise<Map<string, Figures>> {
  const figures = new Map<string, Figures>()
  console.log(`\n${what}`)
  for (const role of Object.values(roles)) await role.stop()
  for (const [name, role] of Object.entries(roles)) {
    const starts: number[] = []
    for (let start = 0; start < STARTS; start++) {
      await role.stop()
      const began = Date.now()
      await role.start()
      starts.push((Date.now() - began) / 1000)
      await logged(role, LAST_LIST[name] ?? '', began)
    }
    const atReady = await memoryOf(role)
    await pause(IDLE_MS)
    const idle = await memoryOf(role)
    console.log(
      `  ${name.padEnd(11)} ready after ${starts.map(each => each.toFixed(1)).join(', ')} s; ` +
        `RSS ${atReady.rss} MiB with all lists, ${idle.rss} MiB after ${seconds(IDLE_MS)}, peak ${idle.peak} MiB; ` +
        `heap in use ${await heapOf(role)} MiB`,
    )
    if (name === 'controller') {
      const { all, slow } = await looksOf(role)
      console.log(`  ${all} looks at caches, ${slow} took more than 5 ms`)
    }
    figures.set(name, { seconds: starts, mib: idle.rss })
    await role.stop()
  }
  return figures
}

/** Waits until the role has logged a message after `since`, in milliseconds since the epoch. */
async function logged({ logPath }: Role, message: string, since: number): Promise<void> {
  await waitUntil({
    what: `"${message}" in the log`,
    timeoutMs: 60_000,
    async probe() {
      const lines = (await readFile(logPath, 'utf8')).split('\n')
      const line = lines.findLast(each => each.includes(`"${message}"`)) ?? ''
      return Number(/"time":(\d+)/.exec(line)?.[1]) >= since ? undefined : 'the log has no line of it'
    },
  })
}

/** What a role logs when it has all lists. */
const LAST_LIST: Readonly<Record<string, string>> = {
  webhook: 'pods are listed',
  controller: 'watches are synced',
}

/** How long the looks at caches took, each with all its reads and writes. */
async function looksOf({ healthUrl }: Role): Promise<{ all: number; slow: number; waiting: number }> {
  const { body } = await httpGet(`${healthUrl}/metrics`)
  const value = (series: string) =>
    Number(
      body
        .split('\n')
        .find(line => line.startsWith(series))
        ?.split(' ')
        .at(-1) ?? 0,
    )
  const name = 'modelcache_reconcile_duration_seconds'
  const all = value(`${name}_count{reconciler="modelcache"}`)
  const fast = value(`${name}_bucket{le="0.005",reconciler="modelcache"}`)
  return { all, slow: all - fast, waiting: value('modelcache_reconcile_waiting{reconciler="modelcache"}') }
}

async function heapOf({ healthUrl }: Role): Promise<number> {
  const { body } = await httpGet(`${healthUrl}/metrics`)
  const bytes = Number(/^nodejs_heap_size_used_bytes (\d+)$/m.exec(body)?.[1])
  return Math.round(bytes / 2 ** 20)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
