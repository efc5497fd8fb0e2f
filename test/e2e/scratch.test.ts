import { beforeAll, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { annotations, classes, pausedCache, pod, readyStatus, soundSpec } from './support/objects.ts'
import { storedPod } from './support/stored-pod.ts'

const mount = { path: '/mnt/model', scratch: ['huggingface/hub/.locks', 'tmp'] }
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, pausedCache('nim', soundSpec({ mount })))
  await cluster.setStatus('modelcache/nim', readyStatus('modelcache--nim'))
})

const engine = (volumeMounts: object[] = []) => ({
  containers: [{ name: 'engine', image: 'nim:1', volumeMounts }],
  volumes: [{ name: 'own', emptyDir: {} }],
})

test('a pod gets the read-only mount, and empty folders in it that it may write to', async () => {
  await cluster.need(pod({ name: 'nim', ...annotations('nim') }, engine()))
  const { spec } = storedPod.parse(await cluster.get('pod/nim'))
  const [own, claim, scratch] = spec.volumes.filter(({ name }) => !name.startsWith('kube-api-access'))
  expect([own?.name, claim?.name]).toEqual(['own', 'modelcache--nim'])
  expect(scratch).toMatchObject({ emptyDir: {} })
  const mounts = spec.containers[0]?.volumeMounts?.filter(({ mountPath }) => mountPath.startsWith('/mnt/'))
  expect(mounts).toEqual([
    expect.objectContaining({ name: 'modelcache--nim', mountPath: '/mnt/model', readOnly: true }),
    {
      name: scratch?.name,
      mountPath: '/mnt/model/huggingface/hub/.locks',
      subPath: 'huggingface/hub/.locks',
    },
    { name: scratch?.name, mountPath: '/mnt/model/tmp', subPath: 'tmp' },
  ])
})

test('a mount of its own at such a folder is kept, and one beside it is denied', async () => {
  const own = (mountPath: string) => engine([{ name: 'own', mountPath }])
  await cluster.need(pod({ name: 'own', ...annotations('nim') }, own('/mnt/model/tmp')))
  const { spec } = storedPod.parse(await cluster.get('pod/own'))
  const places = spec.containers[0]?.volumeMounts?.filter(({ mountPath }) => mountPath === '/mnt/model/tmp')
  expect(places).toMatchObject([{ name: 'own' }])
  const { code, stderr } = await cluster.apply(
    pod({ name: 'beside', ...annotations('nim') }, own('/mnt/model/other')),
  )
  expect(code).toBe(1)
  expect(stderr).toContain('MountPathConflict: ')
})

test.each([
  ['no folder', ['../x'], 'MountPathInvalid: '],
  ['no relative path', ['/x'], 'MountPathInvalid: '],
  ['one inside another', ['x', 'x/y'], 'MountPathInvalid: '],
  ['one twice', ['x', 'x'], 'Duplicate value'],
  ['a folder of credentials', ['.aws'], 'MountPathReserved: '],
])('%s is denied', async (_, scratch, words) => {
  const spec = soundSpec({ mount: { path: '/mnt/model', scratch } })
  const { code, stderr } = await cluster.apply(pausedCache('denied', spec))
  expect(code).toBe(1)
  expect(stderr).toContain(words)
})

test('the folders never change', async () => {
  const { code, stderr } = await cluster.apply(
    pausedCache('nim', soundSpec({ mount: { path: '/mnt/model', scratch: ['tmp'] } })),
  )
  expect(code).toBe(1)
  expect(stderr).toContain('spec.mount.scratch: Forbidden: FieldImmutable: ')
})
