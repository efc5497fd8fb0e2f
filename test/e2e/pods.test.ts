import { beforeAll, describe, expect, test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { annotations, classes, DIGEST, modelCache, pod, readyStatus, soundSpec } from './support/objects.ts'
import { claimMounts, type StoredPod, storedPod } from './support/stored-pod.ts'

const SNAPSHOT = snapshotPath(DIGEST)

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(
    ...classes,
    modelCache('weights', soundSpec()),
    modelCache('tokenizer', soundSpec({ mount: { path: '/mnt/tokenizer' } })),
    modelCache('rival', soundSpec()),
    modelCache('hydrating', soundSpec()),
  )
  for (const name of ['weights', 'tokenizer', 'rival'])
    await cluster.setStatus(`modelcache/${name}`, readyStatus(`modelcache--${name}`))
  await cluster.setStatus('modelcache/hydrating', {
    phase: 'Hydrating',
    progress: '62%',
    bytesStaged: 87 * 2 ** 30,
    bytesTotal: 140 * 2 ** 30,
  })
})

let created = 0

/** Creates a pod and returns it as the API server stored it. */
async function store(metadata: object, spec: object = {}): Promise<StoredPod> {
  const name = `pod-${++created}`
  await cluster.need(pod({ name, ...metadata }, spec))
  return storedPod.parse(await cluster.get(`pod/${name}`))
}

async function refusal(metadata: object, spec: object = {}): Promise<string> {
  const { code, stderr } = await cluster.apply(pod({ name: 'refused', ...metadata }, spec))
  expect(code, stderr).toBe(1)
  return stderr
}

describe('a pod that asks for a Ready cache', () => {
  test('is stored with a read-only volume and a read-only mount of the snapshot', async () => {
    const stored = await store(annotations('weights'))
    expect(claimMounts(stored)).toEqual([`vllm modelcache--weights/${SNAPSHOT} at /mnt/model`])
    expect(stored.metadata.annotations?.['modelplane.ai/injected']).toBe(`weights=${DIGEST}`)
    expect(stored.metadata.labels).toEqual({ 'modelplane.ai/cache-consumer': 'true' })
  })

  test('may have no volumes, volumeMounts or labels, and no service account token', async () => {
    const stored = await store(annotations('weights'), { automountServiceAccountToken: false })
    expect(stored.spec.volumes).toHaveLength(1)
    expect(claimMounts(stored)).toHaveLength(1)
  })

  test('may have a generated name', async () => {
    const { code, stdout, stderr } = await cluster.kubectl(
      ['create', '-f', '-', '-o', 'json'],
      JSON.stringify(pod({ name: undefined, generateName: 'server-', ...annotations('weights') })),
    )
    expect(code, stderr).toBe(0)
    const stored = storedPod.parse(JSON.parse(stdout))
    expect(stored.metadata.name).toMatch(/^server-.+/)
    expect(claimMounts(stored)).toHaveLength(1)
  })

  test('may ask for several', async () => {
    const stored = await store(annotations('weights, tokenizer'))
    expect(claimMounts(stored)).toEqual([
      `vllm modelcache--weights/${SNAPSHOT} at /mnt/model`,
      `vllm modelcache--tokenizer/${SNAPSHOT} at /mnt/tokenizer`,
    ])
  })

  test('may bring the volume itself, and gets no second one', async () => {
    const stored = await store(annotations('weights'), {
      volumes: [
        { name: 'mine', persistentVolumeClaim: { claimName: 'modelcache--weights', readOnly: true } },
      ],
    })
    expect(stored.spec.volumes.filter(({ persistentVolumeClaim }) => persistentVolumeClaim)).toHaveLength(1)
    expect(claimMounts(stored)).toEqual([`vllm modelcache--weights/${SNAPSHOT} at /mnt/model`])
  })

  test('keeps everything that it had, in its place', async () => {
    const image = 'vllm/vllm-openai:v0.11.0'
    const stored = await store(
      { labels: { app: 'x' }, ...annotations('weights', { 'example.com/a': '1' }) },
      {
        volumes: [{ name: 'shm', emptyDir: {} }],
        containers: [{ name: 'vllm', image, volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }] }],
      },
    )
    expect(stored.spec.volumes[0]).toMatchObject({ name: 'shm', emptyDir: {} })
    expect(stored.spec.containers[0]?.volumeMounts?.[0]).toEqual({ name: 'shm', mountPath: '/dev/shm' })
    expect(stored.metadata.labels).toMatchObject({ app: 'x' })
    expect(stored.metadata.annotations).toMatchObject({ 'example.com/a': '1' })
  })

  test('is shown with the mounts by a server-side dry run, and not stored', async () => {
    const { stdout, code } = await cluster.apply(
      pod({ name: 'dry', ...annotations('weights') }),
      '--dry-run=server',
      '-o',
      'json',
    )
    expect(code).toBe(0)
    expect(claimMounts(storedPod.parse(JSON.parse(stdout)))).toHaveLength(1)
    expect((await cluster.kubectl(['get', 'pod/dry'])).code).toBe(1)
  })
})

describe('the mounts go', () => {
  const image = 'registry.example.com/anything'
  const names = (stored: StoredPod) => claimMounts(stored).map(line => line.split(' ')[0])
  const gpu = { limits: { 'nvidia.com/gpu': '1' } }

  test('into the containers that the annotation names, init containers included', async () => {
    const stored = await store(
      annotations('weights', { 'modelplane.ai/cache-containers': 'warm-up, second' }),
      {
        initContainers: [
          { name: 'warm-up', image },
          { name: 'other', image },
        ],
        containers: [
          { name: 'first', image, resources: gpu },
          { name: 'second', image },
        ],
      },
    )
    expect(names(stored)).toEqual(['warm-up', 'second'])
  })

  test('else into those that ask for an accelerator, and an engine beside them', async () => {
    const containers = [
      { name: 'proxy', image },
      { name: 'main', image, resources: gpu },
      { name: 'draft', image: 'vllm/vllm-openai-cpu:v0.11.0' },
    ]
    expect(names(await store(annotations('weights'), { containers }))).toEqual(['main', 'draft'])
  })

  test('else into recognised engines', async () => {
    const containers = [
      { name: 'proxy', image },
      { name: 'main', image, command: ['sh', '-c', 'exec vllm serve /mnt/model'] },
    ]
    expect(names(await store(annotations('weights'), { containers }))).toEqual(['main'])
  })

  test('else into every container', async () => {
    const containers = [
      { name: 'one', image },
      { name: 'two', image },
    ]
    const stored = await store(annotations('weights'), {
      initContainers: [{ name: 'init', image }],
      containers,
    })
    expect(names(stored)).toEqual(['one', 'two'])
  })
})

describe('a pod is denied', () => {
  test('when the cache is not Ready, with how far it is and how to wait', async () => {
    expect(await refusal(annotations('hydrating'))).toContain(
      `admission webhook "pods.modelplane.ai" denied the request: CacheNotReady: ModelCache ${cluster.namespace}/hydrating is Hydrating (62%, 87 of 140 GiB); wait with: kubectl -n ${cluster.namespace} wait --for=condition=Ready modelcache/hydrating`,
    )
  })

  test('when nobody made the cache', async () => {
    expect(await refusal(annotations('absent'))).toMatch(
      /CacheNotFound: there is no ModelCache e2e-\w+\/absent; .*get modelcaches/,
    )
  })

  test('when the cache is in another namespace', async () => {
    const other = await newNamespace()
    const { stderr } = await other.apply(pod(annotations('weights')))
    expect(stderr).toMatch(/CacheNotFound/)
  })

  test('for all its caches in one answer', async () => {
    expect(await refusal(annotations('absent, hydrating'))).toMatch(/CacheNotFound: .*CacheNotReady: /)
  })

  test('when the cache is being deleted', async () => {
    await cluster.need({
      ...modelCache('leaving', soundSpec()),
      metadata: { name: 'leaving', finalizers: ['example.com/hold'] },
    })
    await cluster.setStatus('modelcache/leaving', readyStatus('modelcache--leaving'))
    await cluster.kubectl(['delete', 'modelcache/leaving', '--wait=false'])
    // The view may still show the cache as Ready for a moment, and that pod would rightly be admitted.
    await expect
      .poll(async () => (await cluster.apply(pod(annotations('leaving')), '--dry-run=server')).stderr)
      .toMatch(/CacheNotReady: .*is being deleted/)
    await cluster.kubectl([
      'patch',
      'modelcache/leaving',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ])
  })

  test.each([
    '',
    ' ',
    'weights,',
    'weights,weights',
    'Weights',
    'a/b',
    '../weights',
    'weights;tokenizer',
    '🐎',
  ])('when the annotation is malformed: "%s"', async value => {
    expect(await refusal(annotations(value))).toMatch(/ReferenceInvalid: annotation modelplane.ai\/caches/)
  })

  test('when the annotation for containers names one that is not there', async () => {
    const metadata = annotations('weights', { 'modelplane.ai/cache-containers': 'vlm' })
    expect(await refusal(metadata)).toMatch(/ReferenceInvalid: .*"vlm".*its containers are vllm/)
  })

  test('when something else is at the path', async () => {
    const image = 'vllm/vllm-openai:v0.11.0'
    const spec = (mountPath: string) => ({
      volumes: [{ name: 'mine', emptyDir: {} }],
      containers: [{ name: 'vllm', image, volumeMounts: [{ name: 'mine', mountPath }] }],
    })
    for (const path of ['/mnt/model', '/mnt/model/', '/mnt', '/mnt/model/cache']) {
      expect(await refusal(annotations('weights'), spec(path))).toMatch(
        /MountPathConflict: container vllm has volume mine/,
      )
    }
  })

  test('when two of its caches want the same path', async () => {
    expect(await refusal(annotations('weights, rival'))).toMatch(
      /MountPathConflict: caches weights and rival/,
    )
  })

  test('when it brings the claim as a writable volume', async () => {
    const volumes = [{ name: 'mine', persistentVolumeClaim: { claimName: 'modelcache--weights' } }]
    expect(await refusal(annotations('weights'), { volumes })).toMatch(/MountNotReadOnly: volume mine/)
  })
})

test('a pod that asks for no cache is stored as it came', async () => {
  const stored = await store(
    {},
    { automountServiceAccountToken: false, volumes: [{ name: 'x', emptyDir: {} }] },
  )
  expect(stored.spec.volumes).toEqual([{ name: 'x', emptyDir: {} }])
  expect(stored.metadata.labels).toBeUndefined()
})
