import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Kind } from '../../src/api/kinds.ts'
import { KINDS } from '../../src/cluster/kinds.ts'
import { LARGEST } from '../../src/cluster/largest.fixtures.ts'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { collectionPath } from '../../src/kube/resource.ts'
import { createRest, type Rest } from '../../src/kube/rest.ts'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, modelCache, pod, soundSpec } from '../e2e/support/objects.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import type { Role } from '../testbed/role.ts'
import { shippedHeap } from '../testbed/shipped-heap.ts'
import { full } from './support/watched-changes.ts'

// Anybody may fill a cluster with objects as large as etcd accepts. Each role starts and works all the same,
// within the memory that the manifests give it.

/**
 * How many of each kind in the small sample. At full size, as many as 2 GiB of etcd hold, and the expected
 * result.
 */
const COUNTS: readonly [kind: Kind, small: number, full: number][] = [
  ['Pod', 60, 150],
  ['HydrationPod', 30, 150],
  ['ModelCache', 30, 150],
  ['HydrationJob', 8, 120],
  ['PersistentVolumeClaim', 8, 120],
  ['PersistentVolume', 8, 120],
  ['StorageClass', 8, 120],
]
const EVENTS = 40
const SIDE_BY_SIDE = 4
const WRITE = { fieldManager: 'attack', timeoutMs: 60_000 }

/** manifests/deployment-*.yaml: limits.memory, and the heap of NODE_OPTIONS. */
const LIMIT_MIB = 512
const NODE_OPTIONS = shippedHeap(LIMIT_MIB)

let own: OwnPlane
let crowd: Cluster
let rest: Rest

beforeAll(async () => {
  own = await startOwnPlane({
    settings: { webhook: { env: { NODE_OPTIONS } }, controller: { env: { NODE_OPTIONS } } },
  })
  crowd = await own.newNamespace()
  rest = createRest(loadKubeConfig(own.controlPlane.kubeconfig))
  const { code, stderr } = await crowd.kubectl([
    ...['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
  ])
  expect(code, stderr).toBe(0)
  for (const [kind, small, most] of COUNTS) await fill(kind, full ? most : small)
}, 1_800_000)
afterAll(() => own?.[Symbol.asyncDispose]())

async function fill(kind: Kind, count: number): Promise<void> {
  const { apiVersion, kind: apiKind, namespaced } = KINDS[kind]
  const namespace = namespaced ? crowd.namespace : undefined
  await sideBySide(count, async index => {
    const { metadata, ...object } = LARGEST[kind](`${kind.toLowerCase()}-${index}`)
    // The garbage collector would delete objects whose owners do not exist.
    const { ownerReferences: _, uid: __, ...meta } = metadata as Record<string, unknown>
    const body = { apiVersion, kind: apiKind, metadata: meta, ...object }
    await rest.create(collectionPath(KINDS[kind], namespace), body, WRITE)
  })
}

async function sideBySide(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
}

/** The peak memory of a role's process since its start, in MiB, as the kernel reports it. */
async function peakOf(role: Role): Promise<number> {
  const status = await readFile(`/proc/${role.child()?.pid}/status`, 'utf8')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024)
}

async function expectWithinLimit(what: string): Promise<void> {
  for (const [name, role] of Object.entries({
    webhook: own.product.webhook,
    controller: own.product.controller,
  })) {
    const peak = await peakOf(role)
    console.log(`${what}: peak of the ${name} ${peak} MiB`)
    expect(peak).toBeLessThan(LIMIT_MIB)
  }
}

/** In another namespace than the full one. */
async function expectOthersServed(): Promise<void> {
  const { code, stderr } = await own.cluster.apply({ ...pod(annotations('weights')) }, '--dry-run=server')
  expect(code, stderr).toBe(0)
}

test('both roles start in a cluster that is full of them, and serve others', async () => {
  for (const role of [own.product.webhook, own.product.controller]) {
    await role.stop()
    await role.start()
  }
  await expectOthersServed()
  await expectWithinLimit('start')
})

test('a deletion for which all pods of the namespace are read', async () => {
  const pid = own.product.webhook.child()?.pid
  const deletions = Array.from({ length: 8 }, (_, index) =>
    crowd.kubectl(['--as=tenant', 'delete', '--dry-run=server', `modelcache/modelcache-${index}`]),
  )
  for (const { code, stderr } of await Promise.all(deletions)) {
    // If there are more than can be read in time, nobody knows that none mounts the cache.
    if (code !== 0) expect(stderr).toMatch(/denied the request|timed out|no complete answer/)
  }
  await expectOthersServed()
  expect(own.product.webhook.child()?.pid).toBe(pid)
  await expectWithinLimit('deletions')
})

test('Events of megabytes about what a cache waits for', async () => {
  await crowd.need(modelCache('waits', soundSpec()))
  const uid = await eventually('its claim', async () => {
    const { code, stdout } = await crowd.kubectl([
      'get',
      'pvc/modelcache--waits',
      '-o',
      'jsonpath={.metadata.uid}',
    ])
    return code === 0 && stdout !== '' ? stdout : undefined
  })
  const pid = own.product.controller.child()?.pid
  const involvedObject = {
    kind: 'PersistentVolumeClaim',
    namespace: crowd.namespace,
    name: 'modelcache--waits',
    uid,
  }
  await sideBySide(EVENTS, index =>
    rest.create(
      `/api/v1/namespaces/${crowd.namespace}/events`,
      {
        metadata: { name: `forged-${index}` },
        involvedObject,
        ...{ type: 'Warning', reason: 'ProvisioningFailed', message: `out of room ${'x'.repeat(1_300_000)}` },
      },
      WRITE,
    ),
  )
  const message = await eventually('what the Events say', async () => {
    const { stdout } = await crowd.kubectl([
      'get',
      'modelcache/waits',
      '-o',
      'jsonpath={.status.conditions[0].message}',
    ])
    return stdout.includes('out of room') ? stdout : undefined
  })
  expect(message.length).toBeLessThan(4_096)
  expect(own.product.controller.child()?.pid).toBe(pid)
  await expectWithinLimit('Events')
})

test('while no webhook runs, an administrator annotates and deletes ModelCaches, and a tenant annotates', async () => {
  await own.product.webhook.stop()
  try {
    for (const args of [
      ['--as=tenant', '--as-group=system:authenticated', 'annotate', 'modelcache/modelcache-0', 'team=one'],
      ['annotate', 'modelcache/modelcache-1', 'team=one'],
      ['delete', 'modelcache/modelcache-1', '--wait=false'],
      ['delete', 'modelcache', '--all', '--wait=false'],
    ]) {
      const { code, stderr } = await crowd.kubectl(args)
      expect(code, stderr).toBe(0)
    }
  } finally {
    await own.product.webhook.start()
  }
})
