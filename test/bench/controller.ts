import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { KINDS } from '../../src/cluster/kinds.ts'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { collectionPath, objectPath } from '../../src/kube/resource.ts'
import { createRest, type Rest } from '../../src/kube/rest.ts'
import { audited, requestsOf } from '../e2e/support/audit-log.ts'
import { modelCache, RWX_CLASS, soundSpec } from '../e2e/support/objects.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import { container, inline, report, sized } from '../e2e/support/staging.ts'
import { httpGet } from '../testbed/http.ts'
import { shippedHeap } from '../testbed/shipped-heap.ts'
import { inParallel } from './in-parallel.ts'
import { memoryOf } from './memory-of.ts'
import { benchNudges } from './nudges.ts'
import { type Result, rowOf } from './results.ts'

const CACHES = 1_000
const NAMESPACES = 20
const REST_MS = 60_000
const POLL_MS = 500
const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }
const PAGE = 500

const list = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      status: z.object({ phase: z.string().optional() }).optional(),
    }),
  ),
})

/**
 * Creates a thousand caches at once on a real control plane, and has a stand-in for kubelets run their pods.
 * Measures how long that takes, how many calls it takes, and what remains when all are Ready.
 */
export async function benchController(): Promise<Result[]> {
  const env = { NODE_OPTIONS: shippedHeap(512) }
  const settings = { webhook: { env }, controller: { env } }
  await using own = await startOwnPlane({ apiserverFlags: audited, settings })
  const rest = createRest(loadKubeConfig(own.controlPlane.kubeconfig))
  const all = Array.from({ length: CACHES }, (_, index) => ({
    namespace: `team-${index % NAMESPACES}`,
    name: `cache-${index}`,
  }))
  await inParallel(NAMESPACES, index =>
    rest.create(collectionPath(KINDS.Namespace), { metadata: { name: `team-${index}` } }, WRITE),
  )
  await inParallel(CACHES, index => provision(rest, all[index]))
  const from = Date.now()
  await inParallel(CACHES, async index => {
    const { namespace, name } = all[index] ?? { namespace: '', name: '' }
    const cache = modelCache(name, soundSpec({ ...inline, ...sized }))
    await rest.create(collectionPath(KINDS.ModelCache, namespace), cache, WRITE)
  })
  const created = Date.now()
  console.log(`created in ${seconds(created - from)} s`)
  const [claims, jobs, ready] = await Promise.all([
    when('claims', async () => (await itemsOf(rest, KINDS.PersistentVolumeClaim)).length >= CACHES),
    when('Jobs', async () => (await itemsOf(rest, KINDS.HydrationJob)).length >= CACHES),
    runPods(rest),
  ])
  const { peak: memory } = await memoryOf(own.product.controller)
  const looks = await looksOf(own)
  const calls = await requestsOf('controller', { dir: own.dir, from, to: ready })
  print(calls)
  await pause(REST_MS)
  const rested = Date.now()
  const atRest = await requestsOf('controller', { dir: own.dir, from: rested - REST_MS / 2, to: rested })
  const nudges = await benchNudges(own)
  const what = `${CACHES} caches that are created at once, ${NAMESPACES} namespaces`
  const row = (name: string, work: string, unit: string, figure: number) =>
    rowOf({
      name,
      work: `${work}, ${what}`,
      unit,
      ours: 'modelcache controller',
      figures: new Map([['modelcache controller', [figure]]]),
    })
  return [
    row('controller-claims', 'until all have their claims', 's', seconds(claims - from)),
    row('controller-jobs', 'until all have their Jobs', 's', seconds(jobs - from)),
    row('controller-ready', 'until all are Ready, if pods take no time', 's', seconds(ready - from)),
    row(
      'controller-calls',
      'API calls for each cache, from its creation until it is Ready',
      'calls',
      calls.length / CACHES,
    ),
    row('controller-look', 'mean time of a look, with its calls', 'ms', looks),
    row('controller-memory', 'peak memory (RSS)', 'MiB', memory),
    row('controller-at-rest', 'API calls in a minute when all are Ready', 'calls', atRest.length * 2),
    nudges,
  ]
}

/** A volume for the claim of a cache, as a provisioner would create it. */
async function provision(rest: Rest, of: { namespace: string; name: string } | undefined): Promise<void> {
  if (of === undefined) return
  const { namespace, name } = of
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${name}` },
    spec: {
      accessModes: ['ReadWriteMany'],
      capacity: { storage: '10Gi' },
      storageClassName: RWX_CLASS,
      claimRef: { namespace, name: `modelcache--${name}` },
      nfs: { server: 'nfs.example.com', path: '/exports' },
    },
  }
  await rest.create(collectionPath(KINDS.PersistentVolume), volume, WRITE)
}

/** Says of each pod what a kubelet would say of one that has staged its files, until all caches are Ready. */
async function runPods(rest: Rest): Promise<number> {
  const done = new Set<string>()
  const succeeded = {
    phase: 'Succeeded',
    ...container({
      terminated: {
        exitCode: 0,
        message: JSON.stringify(report),
        startedAt: '2026-01-01T00:00:00Z',
        finishedAt: '2026-01-01T00:00:10Z',
      },
    }),
  }
  return when('caches', async () => {
    const pods = (await itemsOf(rest, KINDS.Pod)).filter(
      ({ metadata: { name } }) => name.startsWith('modelcache--cache-') && !done.has(name),
    )
    await inParallel(pods.length, async index => {
      const { namespace, name } = pods[index]?.metadata ?? { namespace: '', name: '' }
      await rest.jsonMerge(`${objectPath(KINDS.Pod, namespace, name)}/status`, { status: succeeded }, WRITE)
      done.add(name)
    })
    const caches = await itemsOf(rest, KINDS.ModelCache)
    const ready = caches.filter(
      ({ metadata, status }) => metadata.name.startsWith('cache-') && status?.phase === 'Ready',
    )
    console.log(`  ${ready.length} Ready`)
    return ready.length >= CACHES
  })
}

/** The time when that holds, in milliseconds since the epoch. */
async function when(what: string, holds: () => Promise<boolean>): Promise<number> {
  while (!(await holds())) await pause(POLL_MS)
  console.log(`all ${what}`)
  return Date.now()
}

async function itemsOf(rest: Rest, kind: { apiVersion: string; plural: string }) {
  const items: z.infer<typeof list>['items'] = []
  let next: string | undefined = ''
  while (next !== undefined) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(next !== '' && { continue: next }) })
    const page = list.parse(await rest.get(`${collectionPath(kind)}?${query}`))
    items.push(...page.items)
    next = page.metadata.continue || undefined
  }
  return items
}

/** The mean time of a look at a cache, in milliseconds. */
async function looksOf({ product }: OwnPlane): Promise<number> {
  const { body } = await httpGet(`${product.controller.healthUrl}/metrics`)
  const value = (name: string) =>
    Number(
      new RegExp(
        `^modelcache_reconcile_duration_seconds_${name}\\{reconciler="modelcache"\\} ([\\d.e+-]+)$`,
        'm',
      ).exec(body)?.[1],
    )
  return (1_000 * value('sum')) / value('count')
}

function print(calls: readonly string[]): void {
  const kinds = Map.groupBy(calls, each => each)
  for (const [kind, all] of [...kinds].toSorted(([, one], [, other]) => other.length - one.length))
    console.log(`  ${kind}: ${(all.length / CACHES).toFixed(2)} for each cache`)
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}
