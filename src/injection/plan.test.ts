import { describe, expect, test } from 'vitest'
import { aContainer, aGpuContainer, aPod, DIGEST, SNAPSHOT } from '../api/fixtures.ts'
import { type Container, type Pod, pod as podSchema } from '../api/kubernetes/pod.ts'
import { CACHE_CONSUMER, CACHE_CONTAINERS, CACHES, INJECTED } from '../api/names.ts'
import { aClaimMount, aSnapshotMount, disturbances, inject, operationsFor, refusalFor } from './fixtures.ts'

const VOLUME = {
  name: 'modelcache--llama',
  persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true },
}
const MOUNT = { name: 'modelcache--llama', mountPath: '/mnt/model', readOnly: true, subPath: SNAPSHOT }

const WEIGHTS = aSnapshotMount()
const TOKENIZER = aSnapshotMount({ cache: 'tokenizer', mountPath: '/mnt/tokenizer', digest: 'sha256:2' })

function mountsOf(pod: Pod, name = 'engine') {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  return all.find(container => container.name === name)?.volumeMounts
}

describe('scratch folders', () => {
  const SCRATCH = expect.stringMatching(/^modelcache--llama--[0-9a-z]{25}$/)
  const mount = aSnapshotMount({ scratch: ['/mnt/model/.cache', '/mnt/model/a/b'] })
  const containers = [aGpuContainer({ name: 'one' }), aGpuContainer({ name: 'two' })]

  test('are folders of one empty volume, which every target container may write to', () => {
    const pod = inject(aPod({ spec: { containers } }), [mount])
    expect(pod.spec.volumes).toEqual([VOLUME, { name: SCRATCH, emptyDir: {} }])
    for (const name of ['one', 'two'])
      expect(mountsOf(pod, name)).toEqual([
        MOUNT,
        { name: SCRATCH, mountPath: '/mnt/model/.cache', subPath: '.cache' },
        { name: SCRATCH, mountPath: '/mnt/model/a/b', subPath: 'a/b' },
      ])
    expect(operationsFor(pod, [mount])).toEqual([])
  })

  test('may be mounts that the pod brings, and so may what is inside them', () => {
    const own = [
      { name: 'own', mountPath: '/mnt/model/.cache/' },
      { name: 'own', mountPath: '/mnt/model/a/b/c' },
    ]
    const pod = aPod({ spec: { containers: [aGpuContainer({ name: 'one', volumeMounts: own })] } })
    expect(mountsOf(inject(pod, [mount]), 'one')?.map(({ mountPath }) => mountPath)).toEqual([
      '/mnt/model/.cache/',
      '/mnt/model/a/b/c',
      '/mnt/model',
      '/mnt/model/a/b',
    ])
  })

  test.each(['/mnt/model/other', '/mnt/model/a', '/mnt/model/.cache2'])('do not open %s', mountPath => {
    const volumeMounts = [{ name: 'own', mountPath }]
    const pod = aPod({ spec: { containers: [aGpuContainer({ volumeMounts })] } })
    expect(refusalFor(pod, [mount]).reason).toBe('MountPathConflict')
  })
})

describe('a pod is given', () => {
  test('the volume and the mount, both read-only, at one snapshot of the claim', () => {
    const pod = inject(aPod())
    expect(pod.spec.volumes).toEqual([VOLUME])
    expect(mountsOf(pod)).toEqual([MOUNT])
  })

  test('no subPath where the root of the claim is meant', () => {
    const pod = inject(aPod(), [aClaimMount()])
    expect(mountsOf(pod)).toEqual([{ name: 'modelcache--llama', mountPath: '/mnt/model', readOnly: true }])
  })

  test('a record of what it got, and the label by which its watchers find it', () => {
    const pod = inject(aPod({ caches: 'llama,tokenizer' }), [WEIGHTS, TOKENIZER])
    expect(pod.metadata.annotations).toEqual({
      [CACHES]: 'llama,tokenizer',
      [INJECTED]: `llama=${DIGEST},tokenizer=sha256:2`,
    })
    expect(pod.metadata.labels).toEqual({ [CACHE_CONSUMER]: 'true' })
  })

  test('one volume for each cache, one mount for each cache in each target container, and no more', () => {
    const containers = [aGpuContainer({ name: 'one' }), aGpuContainer({ name: 'two' }), aContainer()]
    const pod = inject(aPod({ spec: { containers } }), [WEIGHTS, TOKENIZER])
    expect(pod.spec.volumes?.map(({ name }) => name)).toEqual(['modelcache--llama', 'modelcache--tokenizer'])
    for (const name of ['one', 'two']) {
      expect(mountsOf(pod, name)?.map(({ mountPath }) => mountPath)).toEqual(['/mnt/model', '/mnt/tokenizer'])
    }
    expect(mountsOf(pod, 'app')).toBeUndefined()
  })

  test('a single volume for two caches on one claim: two would hang it in ContainerCreating', () => {
    const pod = inject(aPod(), [
      aClaimMount({ cache: 'a', claimName: 'ops', subPath: 'a', mountPath: '/mnt/a' }),
      aClaimMount({ cache: 'b', claimName: 'ops', subPath: 'b', mountPath: '/mnt/b' }),
    ])
    expect(pod.spec.volumes).toHaveLength(1)
    const volume = pod.spec.volumes?.[0]?.name
    expect(mountsOf(pod)?.map(({ name, subPath }) => [name, subPath])).toEqual([
      [volume, 'a'],
      [volume, 'b'],
    ])
  })

  test('its mounts in an init container that it names, at the place of that container', () => {
    const pod = aPod({
      metadata: { annotations: { [CACHE_CONTAINERS]: 'warm-up' } },
      spec: { initContainers: [aContainer({ name: 'wait' }), aContainer({ name: 'warm-up' })] },
    })
    const result = inject(pod)
    expect(mountsOf(result, 'warm-up')).toEqual([MOUNT])
    expect(mountsOf(result, 'wait')).toBeUndefined()
    expect(mountsOf(result)).toBeUndefined()
  })
})

describe('the patch', () => {
  const lists: [string, unknown][] = [
    ['absent', undefined],
    ['null', null],
    ['empty', []],
  ]

  test.each(lists)('brings volumes and volumeMounts along that are %s', (_, list) => {
    const bare = podSchema.parse({
      ...aPod(),
      spec: { volumes: list, containers: [{ ...aGpuContainer(), volumeMounts: list }] },
    })
    for (const mounts of [[WEIGHTS], [WEIGHTS, TOKENIZER]]) {
      const pod = inject(bare, mounts)
      expect(pod.spec.volumes).toHaveLength(mounts.length)
      expect(mountsOf(pod)).toHaveLength(mounts.length)
    }
  })

  test.each([['absent', undefined] as const, ['empty', {}] as const])(
    'brings labels along that are %s',
    (_, labels) => {
      expect(inject(aPod({ metadata: { labels } })).metadata.labels).toEqual({ [CACHE_CONSUMER]: 'true' })
    },
  )

  test('escapes `/` in the pointer to a member, so that the domain of a label is no step of the path', () => {
    const paths = operationsFor(aPod({ metadata: { labels: { app: 'llm' } } })).map(({ path }) => path)
    expect(paths).toContain('/metadata/labels/modelplane.ai~1cache-consumer')
    expect(paths).toContain('/metadata/annotations/modelplane.ai~1injected')
  })

  test('only adds: what is in the pod neither changes nor moves', () => {
    const pod = aPod({
      caches: 'llama,tokenizer',
      metadata: { labels: { app: 'llm', 'a/b~c': 'd' }, annotations: { note: 'kept', 'x/~y': 'z' } },
      spec: {
        volumes: [
          { name: 'scratch', emptyDir: {} },
          { name: 'shm', emptyDir: { medium: 'Memory' } },
        ],
        containers: [
          aContainer({ name: 'routing-proxy', volumeMounts: [{ name: 'scratch', mountPath: '/tmp' }] }),
          aGpuContainer({
            env: [{ name: 'HF_HUB_OFFLINE', value: '1' }],
            volumeMounts: [
              { name: 'scratch', mountPath: '/scratch', mountPropagation: 'None' },
              { name: 'shm', mountPath: '/dev/shm' },
            ],
          }),
        ],
        initContainers: [aContainer({ name: 'init', restartPolicy: 'Always' })],
        schedulerName: 'volcano',
      },
    })
    const operations = operationsFor(pod, [WEIGHTS, TOKENIZER])
    expect(new Set(operations.map(({ op }) => op))).toEqual(new Set(['add']))
    const result = inject(pod, [WEIGHTS, TOKENIZER])
    expect(disturbances(pod, result)).toEqual([])
    expect(result.spec.volumes?.slice(2)).toHaveLength(2)
    expect(mountsOf(result)?.slice(2)).toHaveLength(2)
    expect(mountsOf(result, 'routing-proxy')).toHaveLength(1)
  })

  test('leaves the pod it was planned from as it was', () => {
    const pod = aPod({ spec: { volumes: [], containers: [aGpuContainer({ volumeMounts: [] })] } })
    const before = structuredClone(pod)
    operationsFor(pod, [WEIGHTS, TOKENIZER])
    expect(pod).toEqual(before)
  })
})

describe('run again on its own result, injection', () => {
  test.each([
    ['for one cache', aPod(), [WEIGHTS]],
    ['for several caches', aPod({ caches: 'llama,tokenizer' }), [WEIGHTS, TOKENIZER]],
    ['at the root of a claim', aPod(), [aClaimMount()]],
    ['under a long name', aPod(), [aSnapshotMount({ cache: 'm'.repeat(200) })]],
    ['beside a volume of that name', aPod({ spec: { volumes: [{ name: 'modelcache--llama' }] } }), [WEIGHTS]],
  ])('has nothing to do %s', (_, pod, mounts) => {
    expect(operationsFor(pod, mounts)).not.toEqual([])
    expect(operationsFor(inject(pod, mounts), mounts)).toEqual([])
  })

  test('has nothing to do after another webhook put a container and a volume in front', () => {
    const once = inject(aPod())
    const meshed = podSchema.parse({
      ...once,
      spec: {
        ...once.spec,
        volumes: [{ name: 'mesh-certs', emptyDir: {} }, ...(once.spec.volumes ?? [])],
        containers: [aContainer({ name: 'istio-proxy' }), ...once.spec.containers],
      },
    })
    expect(operationsFor(meshed)).toEqual([])
  })

  test('serves a target container that another webhook put in front, and leaves the served one alone', () => {
    const once = inject(aPod())
    const containers = [aGpuContainer({ name: 'draft' }), ...once.spec.containers]
    const grown = podSchema.parse({ ...once, spec: { ...once.spec, containers } })
    expect(operationsFor(grown)).toEqual([
      { op: 'add', path: '/spec/containers/0/volumeMounts', value: [MOUNT] },
    ])
  })

  test('puts back a mount that another webhook dropped, on the volume that is there', () => {
    const once = inject(aPod())
    const stripped = podSchema.parse({ ...once, spec: { ...once.spec, containers: [aGpuContainer()] } })
    expect(operationsFor(stripped).map(({ path }) => path)).toEqual(['/spec/containers/0/volumeMounts'])
    expect(mountsOf(inject(stripped))).toEqual([MOUNT])
  })
})

describe('a volume of the pod on the claim of the cache', () => {
  const onClaim = (readOnly: boolean | undefined) =>
    aPod({
      spec: {
        volumes: [{ name: 'weights', persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly } }],
      },
    })

  test('is reused when it is read-only', () => {
    const pod = inject(onClaim(true))
    expect(pod.spec.volumes).toHaveLength(1)
    expect(mountsOf(pod)).toEqual([{ ...MOUNT, name: 'weights' }])
  })

  test.each([false, undefined])('is MountNotReadOnly when readOnly is %j', readOnly => {
    const { reason, field, text } = refusalFor(onClaim(readOnly))
    expect({ reason, field }).toEqual({ reason: 'MountNotReadOnly', field: 'spec.volumes' })
    expect(text).toContain('volume weights')
    expect(text).toContain('persistentVolumeClaim.readOnly')
  })

  test.each([
    [true, false],
    [false, true],
    [true, undefined],
  ])('is MountNotReadOnly when one of two is writable, in whatever order: %j, %j', (one, other) => {
    const volumes = [one, other].map((readOnly, index) => ({
      name: `v${index}`,
      persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly },
    }))
    expect(refusalFor(aPod({ spec: { volumes } })).reason).toBe('MountNotReadOnly')
  })

  test('is not mistaken for one on another claim', () => {
    const other = { name: 'other', persistentVolumeClaim: { claimName: 'modelcache--llama-2' } }
    expect(inject(aPod({ spec: { volumes: [other] } })).spec.volumes).toEqual([other, VOLUME])
  })
})

describe('a mount that the container has', () => {
  type Mounts = NonNullable<Container['volumeMounts']>
  const weights = { name: 'w', persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } }
  const own = { name: 'w', mountPath: '/mnt/model', readOnly: true, subPath: SNAPSHOT }
  const withMounts = (volumeMounts: Mounts) =>
    aPod({
      spec: {
        volumes: [weights, { name: 'scratch', emptyDir: {} }],
        containers: [aGpuContainer({ volumeMounts })],
      },
    })

  test.each([
    ['itself', own],
    ['itself with a trailing slash', { ...own, mountPath: '/mnt/model/' }],
    ['itself with doubled slashes', { ...own, mountPath: '//mnt//model' }],
    ['itself with a trailing slash in subPath', { ...own, subPath: `${SNAPSHOT}/` }],
  ])('is left alone when it is %s', (_, mount) => {
    expect(mountsOf(inject(withMounts([mount])))).toEqual([mount])
  })

  test.each<[string, Mounts[number]]>([
    ['another volume at the path', { name: 'scratch', mountPath: '/mnt/model' }],
    ['another volume at the path, spelled with a slash', { name: 'scratch', mountPath: '/mnt/model/' }],
    ['another volume at the path, spelled with dots', { name: 'scratch', mountPath: '/mnt/./model' }],
    ['another volume at the path, spelled with a detour', { name: 'scratch', mountPath: '/mnt/x/../model' }],
    ['another volume at the path, spelled without a root', { name: 'scratch', mountPath: 'mnt/model' }],
    ['another volume above it', { name: 'scratch', mountPath: '/mnt' }],
    ['another volume inside it', { name: 'scratch', mountPath: '/mnt/model/lora' }],
    [
      'another volume inside it, read-only too',
      { name: 'scratch', mountPath: '/mnt/model/a', readOnly: true },
    ],
    ['the root of the claim', { name: 'w', mountPath: '/mnt/model', readOnly: true }],
    ['another snapshot', { ...own, subPath: 'snapshots/older' }],
    ['an expanded subPath', { ...own, subPath: undefined, subPathExpr: SNAPSHOT }],
    ['the same volume above it', { ...own, mountPath: '/mnt' }],
  ])('is MountPathConflict when it is %s', (_, mount) => {
    const { reason, text } = refusalFor(withMounts([mount]))
    expect(reason).toBe('MountPathConflict')
    expect(text).toContain('container engine')
    expect(text).toContain(mount.mountPath)
    expect(text).toContain('cache llama at /mnt/model')
  })

  test.each([
    ['a sibling with the same beginning', '/mnt/model-cache'],
    ['a sibling that is shorter', '/mnt/mod'],
    ['elsewhere', '/data'],
  ])('is no obstacle at %s', (_, mountPath) => {
    const mount = { name: 'scratch', mountPath }
    expect(mountsOf(inject(withMounts([mount])))).toEqual([mount, { ...MOUNT, name: 'w' }])
  })

  test.each([false, undefined])('is MountNotReadOnly when it is the cache with readOnly %j', readOnly => {
    const { reason, text } = refusalFor(withMounts([{ ...own, readOnly }]))
    expect(reason).toBe('MountNotReadOnly')
    expect(text).toContain('container engine')
    expect(text).toContain('readOnly: true')
  })

  test.each([
    ['before', [{ name: 'scratch', mountPath: '/mnt/model/lora' }, own]],
    ['after', [own, { name: 'scratch', mountPath: '/mnt/model/lora' }]],
  ])('is MountPathConflict when it stands %s the mount of the cache and inside it', (_, mounts) => {
    expect(refusalFor(withMounts(mounts)).reason).toBe('MountPathConflict')
  })

  test('is MountPathConflict when it is an expanded subPath where the root of the claim is meant', () => {
    const mount = { name: 'w', mountPath: '/mnt/model', readOnly: true, subPathExpr: '$(POD_NAME)' }
    const root = [aClaimMount({ claimName: WEIGHTS.claimName })]
    expect(refusalFor(withMounts([mount]), root).reason).toBe('MountPathConflict')
  })

  test('in one target container does not keep the others from getting it', () => {
    const containers = [aGpuContainer({ name: 'one', volumeMounts: [own] }), aGpuContainer({ name: 'two' })]
    const pod = inject(aPod({ spec: { volumes: [weights], containers } }))
    expect(mountsOf(pod, 'one')).toEqual([own])
    expect(mountsOf(pod, 'two')).toEqual([own])
  })

  test('does not matter in a container that is no target', () => {
    const sidecar = aContainer({ volumeMounts: [{ name: 'scratch', mountPath: '/mnt/model' }] })
    const volumes = [{ name: 'scratch', emptyDir: {} }]
    const pod = inject(aPod({ spec: { volumes, containers: [sidecar, aGpuContainer()] } }))
    expect(mountsOf(pod)).toEqual([MOUNT])
  })

  test.each(['/mnt/model', '/mnt/model/disk', '/mnt/model/'])(
    'is MountPathConflict when it is a raw block device at %s',
    devicePath => {
      const containers = [aGpuContainer({ volumeDevices: [{ name: 'disk', devicePath }] })]
      const { reason, text } = refusalFor(aPod({ spec: { containers } }))
      expect(reason).toBe('MountPathConflict')
      expect(text).toContain(devicePath)
    },
  )
})

describe('two caches of one pod', () => {
  test.each([
    ['at one path', '/mnt/model', '/mnt/model'],
    ['one inside the other', '/mnt/model', '/mnt/model/tokenizer'],
    ['the other way round', '/mnt/model/weights', '/mnt/model'],
  ])('are MountPathConflict %s, and the text names both', (_, first, second) => {
    const { reason, text } = refusalFor(aPod(), [
      aSnapshotMount({ mountPath: first }),
      aSnapshotMount({ cache: 'other', mountPath: '/mnt/other' }),
      aSnapshotMount({ cache: 'tokenizer', mountPath: second }),
    ])
    expect(reason).toBe('MountPathConflict')
    expect(text).toContain('llama')
    expect(text).toContain('tokenizer')
    expect(text).not.toContain('caches other')
  })

  test('may be neighbours whose paths begin alike', () => {
    const mounts = [aSnapshotMount(), aSnapshotMount({ cache: 'b', mountPath: '/mnt/model-b' })]
    expect(mountsOf(inject(aPod(), mounts))).toHaveLength(2)
  })
})

describe('the name of a volume', () => {
  const nameFor = (cache: string, taken: string[] = []) =>
    inject(aPod({ spec: { volumes: taken.map(name => ({ name, emptyDir: {} })) } }), [
      aSnapshotMount({ cache }),
    ]).spec.volumes?.at(-1)?.name

  test.each(['a', 'llama-3-3-70b', 'm'.repeat(52), 'm'.repeat(53), 'm'.repeat(253), 'llama-3.3.70b'])(
    'for cache %s is a DNS label of at most 63 characters',
    cache => {
      expect(nameFor(cache)).toMatch(/^modelcache--[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      expect(nameFor(cache)?.length).toBeLessThanOrEqual(63)
    },
  )

  test.each([
    ['are cut at the same place', `${'m'.repeat(60)}-a`, `${'m'.repeat(60)}-b`],
    ['differ by a dot', 'llama-3.3', 'llama-3-3'],
    ['differ by where the dot is', 'a.b-c', 'a-b.c'],
  ])('differs for two caches that %s', (_, one, other) => {
    const volumes = inject(aPod(), [
      aSnapshotMount({ cache: one, mountPath: '/mnt/one' }),
      aSnapshotMount({ cache: other, mountPath: '/mnt/other' }),
    ]).spec.volumes
    expect(new Set(volumes?.map(({ name }) => name)).size).toBe(2)
  })

  test('is one that no volume of the pod has, whatever its source', () => {
    expect(nameFor('llama', ['modelcache--llama'])).toBe('modelcache--llama-2')
    expect(nameFor('llama', ['modelcache--llama', 'modelcache--llama-2'])).toBe('modelcache--llama-3')
    const long = 'm'.repeat(100)
    const first = nameFor(long) ?? ''
    expect(nameFor(long, [first])).not.toBe(first)
    expect(nameFor(long, [first])?.length).toBeLessThanOrEqual(63)
  })
})

test.each([[{ os: { name: 'windows' } }], [{ nodeSelector: { 'kubernetes.io/os': 'windows' } }]])(
  'a Windows pod is denied, and the text says what to do: %j',
  spec => {
    const { reason, field, text } = refusalFor(aPod({ spec }))
    expect({ reason, field }).toEqual({ reason: 'NotImplemented', field: 'spec.os.name' })
    expect(text).toContain('Linux')
    expect(operationsFor(aPod({ spec: { os: { name: 'linux' } } }))).not.toEqual([])
  },
)
