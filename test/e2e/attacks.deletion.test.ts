import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, eventually } from './support/cluster.ts'
import { modelCache, pausedCache, pod, readyStatus, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane, WEIGHTS_CLAIM } from './support/own-plane.ts'

// What pods really mount blocks a deletion, whatever they claim. A namespace can go without us. This needs
// its own control plane, because the test stops the product.
let own: OwnPlane
let cluster: Cluster

beforeAll(async () => {
  own = await startOwnPlane()
  cluster = own.cluster
})
afterAll(() => own?.[Symbol.asyncDispose]())

const removal = (name: string, ...flags: string[]) =>
  cluster.kubectl(['delete', `modelcache/${name}`, '--dry-run=server', ...flags])

test('a pod that has taken off its label holds the cache that it mounts', async () => {
  const volumes = [{ name: 'w', persistentVolumeClaim: { claimName: WEIGHTS_CLAIM, readOnly: true } }]
  const volumeMounts = [{ name: 'w', mountPath: '/w', readOnly: true }]
  await cluster.need(
    pod({ name: 'hidden' }, { volumes, containers: [{ name: 'main', image: 'any', volumeMounts }] }),
  )
  const { code, stderr } = await removal('weights')
  expect(code, stderr).toBe(1)
  expect(stderr).toContain('CacheInUse: pod hidden mounts')
  await cluster.kubectl(['delete', 'pod/hidden', '--force'])
  expect((await removal('weights')).code).toBe(0)
})

test('a pod with a forged label and record holds nothing', async () => {
  await cluster.need(pausedCache('unused', soundSpec()))
  await cluster.setStatus('modelcache/unused', readyStatus('modelcache--unused'))
  await cluster.need(
    pod({
      name: 'forged',
      labels: { 'modelplane.ai/cache-consumer': 'true' },
      annotations: { 'modelplane.ai/injected': `unused=sha256:${'1'.repeat(64)}` },
    }),
  )
  const { code, stderr } = await removal('unused')
  expect(code, stderr).toBe(0)
})

test('a namespace whose cache is being staged goes while the webhook is down', async () => {
  const busy = await own.newNamespace()
  const source = { inline: { files: { a: 'b' } } }
  await busy.need(modelCache('busy', soundSpec({ artifact: { kind: 'Bytes', source } })))
  await eventually('its Job', async () => {
    const { stdout } = await busy.kubectl([
      'get',
      'jobs,modelcaches',
      '-o',
      'jsonpath={.items[*].metadata.finalizers}',
    ])
    return stdout.includes('modelplane.ai/storage') || undefined
  })
  await own.product.webhook.stop()
  await busy.kubectl(['delete', 'namespace', busy.namespace, '--wait=false'])
  await eventually('the end of the namespace', async () => {
    const answer = await busy.kubectl(['get', 'namespace', busy.namespace])
    return answer.stderr.includes('NotFound') || undefined
  })
})

test('a namespace with caches goes while the webhook is down', async () => {
  const tenant = ['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant']
  expect((await cluster.kubectl(tenant)).code).toBe(0)
  await own.product.stop()
  const { stderr } = await removal('unused', '--as=tenant')
  expect(stderr).toContain('failed calling webhook')
  // When our processes are down, they do not block an administrator.
  expect((await removal('unused')).code).toBe(0)
  await cluster.kubectl(['delete', 'namespace', cluster.namespace, '--wait=false'])
  await eventually('the end of the namespace', async () => {
    const answer = await cluster.kubectl(['get', 'namespace', cluster.namespace])
    return answer.stderr.includes('NotFound') || undefined
  })
})
