import { beforeAll, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  annotations,
  claim,
  classes,
  modelCache,
  persistentVolume,
  pod,
  readyStatus,
  soundSpec,
} from './support/objects.ts'
import { inline, sized } from './support/staging.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

/** A Ready cache and a pod of the same name that mounts it. */
async function mounted(name: string, metadata: object = {}): Promise<void> {
  await cluster.need(modelCache(name, soundSpec()))
  await cluster.setStatus(`modelcache/${name}`, readyStatus(`modelcache--${name}`))
  await cluster.need(pod({ name, ...annotations(name), ...metadata }))
}

const remove = (...resources: string[]) => cluster.kubectl(['delete', ...resources, '--wait=false'])

async function exists(resource: string): Promise<boolean> {
  return (await cluster.kubectl(['get', resource])).code === 0
}

test('a cache that a pod mounts is not deleted, alone or with all; once the pod is gone it is', async () => {
  await mounted('used')
  for (const resources of [['modelcache/used'], ['mc', '--all']]) {
    const { code, stderr } = await remove(...resources)
    expect(code).toBe(1)
    expect(stderr).toContain(
      `CacheInUse: pod used mounts ModelCache ${cluster.namespace}/used; delete those pods first, or allow the deletion: kubectl -n ${cluster.namespace} annotate modelcache/used modelplane.ai/allow-delete-in-use=true`,
    )
  }
  // Right away: the live read shows the end of the pod before the watch does.
  expect((await cluster.kubectl(['delete', 'pod/used', '--force'])).code).toBe(0)
  const { code, stderr } = await remove('modelcache/used')
  expect(code, stderr).toBe(0)
})

test('it is deleted when its owner says so, as the denial advises', async () => {
  await mounted('allowed')
  expect((await remove('modelcache/allowed')).code).toBe(1)
  await cluster.kubectl(['annotate', 'modelcache/allowed', 'modelplane.ai/allow-delete-in-use=true'])
  expect((await remove('modelcache/allowed')).code).toBe(0)
})

test('a dry run says the same', async () => {
  await mounted('dry')
  const { code, stderr } = await remove('modelcache/dry', '--dry-run=server')
  expect(code).toBe(1)
  expect(stderr).toContain('CacheInUse: ')
})

test('pods that have ended, or wait at the gate, do not hold it', async () => {
  await mounted('ended')
  await cluster.setStatus('pod/ended', { phase: 'Succeeded' })
  const { code, stderr } = await remove('modelcache/ended')
  expect(stderr).toContain(
    'ClaimHeld: pod ended has ended and still holds claim modelcache--ended; delete them',
  )
  expect(code).toBe(0)

  await cluster.need(modelCache('awaited', soundSpec()))
  await cluster.need(pod({ name: 'waits', ...annotations('awaited', { 'modelplane.ai/not-ready': 'Gate' }) }))
  expect((await remove('modelcache/awaited')).code).toBe(0)
})

test('a pod that mounts the claim that people filled holds its cache too', async () => {
  const volume = `${cluster.namespace}-ops`
  await cluster.need(
    persistentVolume(volume, ['ReadWriteMany']),
    claim('ops-staged', ['ReadWriteMany'], volume),
    modelCache('ops', {
      mount: { path: '/mnt/ops' },
      storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } },
    }),
  )
  await eventually('a pod with the claim', async () => {
    const { code } = await cluster.apply(pod({ name: 'ops', ...annotations('ops') }))
    return code === 0 ? true : undefined
  })
  const { code, stderr } = await remove('modelcache/ops')
  expect(code).toBe(1)
  expect(stderr).toContain('CacheInUse: pod ops mounts')
})

test('an object on its way out loses its finalizer, whoever mounts it', async () => {
  await mounted('finalized')
  await cluster.kubectl(['annotate', 'modelcache/finalized', 'modelplane.ai/allow-delete-in-use=true'])
  const finalizers = JSON.stringify({ metadata: { finalizers: ['example.com/held'] } })
  await cluster.kubectl(['patch', 'modelcache/finalized', '--type=merge', '-p', finalizers])
  expect((await remove('modelcache/finalized')).code).toBe(0)
  expect(await exists('modelcache/finalized')).toBe(true)
  const none = JSON.stringify({ metadata: { finalizers: null } })
  const { code, stderr } = await cluster.kubectl([
    'patch',
    'modelcache/finalized',
    '--type=merge',
    '-p',
    none,
  ])
  expect(code, stderr).toBe(0)
  expect(await exists('modelcache/finalized')).toBe(false)
})

test('in a namespace that is going away nothing holds it', async () => {
  const doomed = await newNamespace()
  await doomed.need(modelCache('weights', soundSpec()))
  await doomed.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  await doomed.need(pod({ name: 'held', ...annotations('weights'), finalizers: ['example.com/held'] }))
  const deletion = () => doomed.kubectl(['delete', 'modelcache/weights', '--wait=false'])
  expect((await deletion()).code).toBe(1)
  // Kubernetes ends the pods of a namespace first, so this pod keeps its cache alive until somebody deletes
  // the pod.
  await doomed.kubectl(['delete', 'namespace', doomed.namespace, '--wait=false'])
  const { code, stderr } = await deletion()
  expect(code, stderr).toBe(0)
  const none = JSON.stringify({ metadata: { finalizers: null } })
  await doomed.kubectl(['patch', 'pod/held', '--type=merge', '-p', none])
})

test('an administrator who deletes the claim learns what follows, and the pods that hold it are named', async () => {
  await cluster.need(modelCache('lost', soundSpec({ ...inline, ...sized })))
  const claimName = 'modelcache--lost'
  await eventually('its claim', async () => (await exists(`pvc/${claimName}`)) || undefined)
  // Kubernetes counts only pods that have a node, and those also after their end.
  const volumes = [{ name: 'model', persistentVolumeClaim: { claimName, readOnly: true } }]
  const containers = [{ name: 'main', image: 'registry.example.com/anything' }]
  await cluster.need({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'reads', labels: { 'modelplane.ai/cache-consumer': 'true' } },
    spec: { nodeName: 'nowhere', containers, volumes },
  })
  await cluster.kubectl([
    'patch',
    'pod/reads',
    '--subresource=status',
    '-p',
    '{"status":{"phase":"Succeeded"}}',
  ])
  const { code, stderr } = await remove(`pvc/${claimName}`)
  expect(code).toBe(0)
  expect(stderr).toContain(
    'ClaimProtected: this claim belongs to ModelCache lost, which is not Ready from now on',
  )
  await eventually('the name of the pod', async () => {
    const { stdout } = await cluster.kubectl(['describe', 'modelcache/lost'])
    const advice = `pods reads, which have ended, hold it; delete them (kubectl -n ${cluster.namespace} delete pod reads)`
    return stdout.replaceAll(/\s+/g, ' ').includes(advice) || undefined
  })
  // What it advises works, and so does giving up the cache.
  const given = await remove('modelcache/lost', '--dry-run=server')
  expect(given.code, given.stderr).toBe(0)
  expect((await cluster.kubectl(['delete', 'pod/reads', '--force'])).code).toBe(0)
  await eventually('another claim', async () => {
    const { stdout } = await cluster.kubectl([
      'get',
      `pvc/${claimName}`,
      '-o',
      'jsonpath={.metadata.deletionTimestamp}',
    ])
    return stdout === '' || undefined
  })
})
