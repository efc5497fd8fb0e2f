import { describe, expect, test } from 'vitest'
import {
  aClaim,
  aModelCache,
  anInferenceCluster,
  aStorageClass,
  COMMIT,
  NAMESPACE,
} from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision } from '../decision.ts'
import { aPolicy, aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { validateModelCache } from './validate.ts'

const CLUSTER = aView({
  classes: [aStorageClass()],
  claims: [aClaim()],
  inferenceClusters: [anInferenceCluster('prod')],
})
const EMPTY = aView()
const DENY = aPolicy()
const WARN = aPolicy({ unknownProvisioner: 'Warn' })

function create(object: unknown, view = CLUSTER, policy: typeof DENY | typeof WARN = DENY): Decision {
  return validateModelCache(aRequest({ object }), view, policy)
}

/** An update in a cluster that has nothing: what passes rests on the two objects alone. */
function update(oldObject: unknown, object: unknown, view = EMPTY): Decision {
  return validateModelCache(aRequest({ operation: 'UPDATE', oldObject, object }), view, DENY)
}

/** The only finding: its reason, its field and its text. */
function violationOf(decision: Decision) {
  const [first, ...rest] = findingsOf(decision)
  if (first === undefined || rest.length > 0) throw new Error(`not one finding: ${JSON.stringify(decision)}`)
  return first.violation
}

const spec = (given: Partial<ModelCache['spec']>) => aModelCache({ spec: given })
const pvc = (storageClassName?: string): ModelCache =>
  spec({ storage: { backend: 'PVC', pvc: { storageClassName } } })
const onClaim = (existingPVC: NonNullable<ModelCache['spec']['storage']['existingPVC']>) =>
  spec({ artifact: { kind: 'Weights' }, storage: { backend: 'ExistingPVC', existingPVC } })

const HF = { repo: 'meta-llama/Llama-3.3-70B-Instruct', revision: COMMIT }
const INLINE = { files: { 'chat.jinja': 'x' } }

/** One sound value of each source. */
const SOUND_SOURCES: Record<string, unknown> = {
  huggingFace: HF,
  s3: { uri: 's3://bucket/prefix/' },
  http: { url: 'https://example.com/model.tar.gz' },
  oci: { reference: 'registry.example/models/llama:70b' },
  inline: INLINE,
  configMap: { name: 'tokenizer' },
}

describe('a sound ModelCache is allowed', () => {
  test.each(Object.entries(SOUND_SOURCES))('with source %s', (name, source) => {
    expect(
      create({ ...aModelCache(), spec: { ...aModelCache().spec, artifact: { source: { [name]: source } } } }),
    ).toEqual(allow())
  })

  test('on a claim that people filled', () => {
    expect(create(onClaim({ name: 'ops-staged' }))).toEqual(allow())
    expect(create(onClaim({ name: 'ops-staged', namespace: NAMESPACE, subPath: 'llama' }))).toEqual(allow())
  })

  test('when its cluster selector and replication are those that are implemented', () => {
    const selector = { matchLabels: { 'modelplane.ai/tier': 'prod' } }
    expect(create(spec({ clusterSelector: selector, replication: 'AllMatchingClusters' }))).toEqual(allow())
  })
})

describe('exactly one source is set', () => {
  const FIELD = 'spec.artifact.source'

  test.each([
    ['no source', {}],
    ['an empty source', { source: {} }],
  ])('with %s it is ArtifactSourceRequired, and the text lists them', (_, artifact) => {
    const found = violationOf(create({ ...aModelCache(), spec: { ...aModelCache().spec, artifact } }))
    expect(found).toMatchObject({ reason: 'ArtifactSourceRequired', field: FIELD })
    for (const name of Object.keys(SOUND_SOURCES)) expect(found.text).toContain(name)
  })

  test('with two it is ArtifactSourceAmbiguous, and the text names both', () => {
    const found = violationOf(
      create(spec({ artifact: { kind: 'Weights', source: { huggingFace: HF, inline: INLINE } } })),
    )
    expect(found).toMatchObject({ reason: 'ArtifactSourceAmbiguous', field: FIELD })
    expect(found.text).toContain('huggingFace and inline')
    expect(found.text).toContain('keep one')
  })

  test('but none with backend ExistingPVC', () => {
    const cache = onClaim({ name: 'ops-staged' })
    cache.spec.artifact.source = { huggingFace: HF }
    const found = violationOf(create(cache))
    expect(found).toMatchObject({ reason: 'ArtifactSourceAmbiguous', field: FIELD })
    expect(found.text).toContain('remove the source')
  })
})

describe('what is not implemented is refused by name', () => {
  test.each<[string, string, Partial<ModelCache['spec']>]>([
    ['spec.artifact.kind', 'Adapter', { artifact: { kind: 'Adapter', source: { huggingFace: HF } } }],
    ['spec.artifact.kind', 'Engine', { artifact: { kind: 'Engine', source: { huggingFace: HF } } }],
    ['spec.storage.backend', 'Custom', { storage: { backend: 'Custom' } }],
    ['spec.storage.backend', 'ContentAddressed', { storage: { backend: 'ContentAddressed' } }],
    ['spec.replication', 'AllMatchingNodes', { replication: 'AllMatchingNodes' }],
    ['spec.artifact.source.gcs', 'gcs', { artifact: { kind: 'Weights', source: { gcs: {} } } }],
    ['spec.artifact.source.azure', 'azure', { artifact: { kind: 'Weights', source: { azure: {} } } }],
    [
      'spec.artifact.source.pvcClone',
      'pvcClone',
      { artifact: { kind: 'Weights', source: { pvcClone: {} } } },
    ],
    [
      'spec.artifact.resolvedVia',
      'resolvedVia',
      { artifact: { kind: 'Weights', source: { huggingFace: HF }, resolvedVia: 'x' } },
    ],
  ])('%s %s', (field, name, given) => {
    const found = violationOf(create(spec(given)))
    expect(found).toMatchObject({ reason: 'NotImplemented', field })
    expect(found.text).toContain(name)
    expect(found.text).toMatch(/not implemented; (use|remove) /)
  })
})

describe('the member of storage is that of the backend', () => {
  test.each<[string, string, ModelCache['spec']['storage']]>([
    ['spec.storage.existingPVC', 'missing', { backend: 'ExistingPVC' }],
    [
      'spec.storage.existingPVC',
      'with PVC',
      { backend: 'PVC', pvc: { storageClassName: 'shared' }, existingPVC: { name: 'ops-staged' } },
    ],
    [
      'spec.storage.pvc',
      'with ExistingPVC',
      { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' }, pvc: {} },
    ],
  ])('or it is StorageMemberMismatch: %s %s', (field, _, storage) => {
    const artifact = storage.backend === 'PVC' ? aModelCache().spec.artifact : { kind: 'Weights' as const }
    const found = violationOf(create(spec({ artifact, storage })))
    expect(found).toMatchObject({ reason: 'StorageMemberMismatch', field })
    expect(found.text).toContain(storage.backend)
    expect(found.text).toMatch(/remove it|set its name/)
  })
})

describe('the mount path', () => {
  test.each([
    '/mnt/model',
    '/models',
    '/mnt',
    '/var/lib/models',
    '/opt/models',
    '/home/user/models',
    '/root/.cache/huggingface',
    '/devices',
    '/tmp/models',
    '/run/models',
    '/mnt/..model',
  ])('may be %s', path => {
    expect(create(spec({ mount: { path } }))).toEqual(allow())
  })

  test.each([
    'mnt/model',
    '//',
    '/mnt/model/',
    '/mnt//model',
    '/mnt/./model',
    '/mnt/../etc',
    '/mnt/..',
    '/mnt/.',
    '/mnt:model',
    './model',
  ])('is MountPathInvalid as %s', path => {
    const found = violationOf(create(spec({ mount: { path } })))
    expect(found).toMatchObject({ reason: 'MountPathInvalid', field: 'spec.mount.path' })
    expect(found.text).toContain(JSON.stringify(path))
    expect(found.text).toContain('such as /mnt/model')
  })

  test.each([
    '/etc',
    '/usr',
    '/var',
    '/var/run',
    '/var/run/secrets',
    '/var/run/secrets/kubernetes.io/serviceaccount',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '/proc/self',
    '/sys/fs',
    '/dev',
    '/dev/shm',
    '/root',
    '/tmp',
  ])('is MountPathReserved as %s', path => {
    const found = violationOf(create(spec({ mount: { path } })))
    expect(found).toMatchObject({ reason: 'MountPathReserved', field: 'spec.mount.path' })
    expect(found.text).toContain(path)
    expect(found.text).toContain('use a path of its own')
  })

  test('of one character, the root, never passes', () => {
    expect(
      reasonsOf(create({ ...aModelCache(), spec: { ...aModelCache().spec, mount: { path: '/' } } })),
    ).toEqual(['SpecInvalid'])
  })
})

describe('the StorageClass of a new cache', () => {
  const FIELD = 'spec.storage.pvc.storageClassName'

  test('is StorageClassNotFound when there is none of that name, on the basis of that class', () => {
    const decision = create(pvc('gone'))
    expect(findingsOf(decision)).toMatchObject([
      {
        violation: { reason: 'StorageClassNotFound', field: FIELD },
        basis: [{ kind: 'StorageClass', name: 'gone' }],
      },
    ])
    expect(textOf(decision)).toContain('gone')
    expect(textOf(decision)).toContain('kubectl get storageclass')
  })

  test('is StorageClassNotRWX when its provisioner gives block volumes, on the basis of that class and its profile', () => {
    const classes = [aStorageClass({ name: 'disk', provisioner: 'ebs.csi.aws.com' })]
    for (const policy of [DENY, WARN]) {
      const decision = create(pvc('disk'), aView({ classes }), policy)
      expect(findingsOf(decision)).toMatchObject([
        {
          violation: { reason: 'StorageClassNotRWX', field: FIELD },
          basis: [
            { kind: 'StorageClass', name: 'disk' },
            { kind: 'StorageProfile', name: 'disk' },
          ],
        },
      ])
      expect(textOf(decision)).toContain('ebs.csi.aws.com')
      expect(textOf(decision)).toContain('use a class backed by a shared file system')
    }
  })

  test('follows the word of the admin on it, either way', () => {
    const annotated = (provisioner: string, modes: string) =>
      aView({
        classes: [
          aStorageClass({ name: 'c', provisioner, annotations: { 'modelplane.ai/access-modes': modes } }),
        ],
      })
    expect(create(pvc('c'), annotated('ebs.csi.aws.com', 'ReadWriteMany'))).toEqual(allow())
    expect(reasonsOf(create(pvc('c'), annotated('filestore.csi.storage.gke.io', 'ReadWriteOnce')))).toEqual([
      'StorageClassNotRWX',
    ])
  })

  test('of an unknown provisioner is refused under Deny and warned of under Warn, with the way to attest', () => {
    const view = aView({ classes: [aStorageClass({ name: 'acme', provisioner: 'acme.example/files' })] })
    const attest = 'kubectl annotate storageclass acme modelplane.ai/access-modes=ReadWriteMany'
    const denied = create(pvc('acme'), view, DENY)
    expect(reasonsOf(denied)).toEqual(['StorageClassNotRWX'])
    expect(textOf(denied)).toContain(attest)
    const warned = create(pvc('acme'), view, WARN)
    const warning = { reason: 'StorageClassNotRWX', text: expect.stringContaining(attest) }
    expect(warned).toMatchObject({ allowed: true, warnings: [{ violation: warning }] })
  })

  describe('that names none', () => {
    const marked = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]

    test.each([undefined, 'no member'])('is the default class (%s)', member => {
      const cache = member === undefined ? pvc() : spec({ storage: { backend: 'PVC' } })
      const classes = [
        aStorageClass({ provisioner: 'ebs.csi.aws.com' }),
        aStorageClass({ name: 'std', annotations: marked }),
      ]
      expect(create(cache, aView({ classes }))).toEqual(allow())
    })

    test('is NoStorageClass without a default, on the basis of the whole lists', () => {
      const decision = create(pvc())
      expect(findingsOf(decision)).toMatchObject([
        { violation: { reason: 'NoStorageClass', field: FIELD }, basis: LISTS },
      ])
      expect(textOf(decision)).toContain('name one that supports ReadWriteMany')
    })

    test('is held to the same rule, and the text names the default', () => {
      const classes = [aStorageClass({ name: 'gp3', provisioner: 'ebs.csi.aws.com', annotations: marked })]
      const decision = create(pvc(), aView({ classes }))
      expect(findingsOf(decision)).toMatchObject([
        {
          violation: { reason: 'StorageClassNotRWX' },
          basis: [...LISTS, { kind: 'StorageProfile', name: 'gp3' }],
        },
      ])
      expect(textOf(decision)).toContain('the default is gp3')
    })
  })
})

describe('the claim that people filled', () => {
  const basis = [{ kind: 'PersistentVolumeClaim', namespace: NAMESPACE, name: 'ops-staged' }]

  test('is ClaimNotFound when it does not exist, on the basis of that claim', () => {
    const decision = create(onClaim({ name: 'ops-staged' }), EMPTY)
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimNotFound', field: 'spec.storage.existingPVC.name' }, basis },
    ])
    expect(textOf(decision)).toContain('ml-team/ops-staged')
    expect(textOf(decision)).toContain('create it first')
  })

  test('is ClaimNotFound in another namespace, even if there is one: pods could not mount it', () => {
    const claims = [aClaim({ metadata: { namespace: 'other' } })]
    expect(reasonsOf(create(onClaim({ name: 'ops-staged' }), aView({ claims })))).toEqual(['ClaimNotFound'])
    const named = create(onClaim({ name: 'ops-staged', namespace: 'other' }), aView({ claims }))
    expect(findingsOf(named)).toMatchObject([
      { violation: { reason: 'ClaimNotFound', field: 'spec.storage.existingPVC.namespace' }, basis: [] },
    ])
  })

  test.each([
    ['ReadWriteOnce', ['ReadWriteOnce']],
    ['ReadWriteOncePod', ['ReadWriteOncePod']],
    ['without access modes', []],
  ])('is ClaimNotShared when it is %s, on the basis of that claim', (found, accessModes) => {
    const decision = create(onClaim({ name: 'ops-staged' }), aView({ claims: [aClaim({ accessModes })] }))
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimNotShared', field: 'spec.storage.existingPVC.name' }, basis },
    ])
    expect(textOf(decision)).toContain(found)
    expect(textOf(decision)).toContain('ReadWriteMany or ReadOnlyMany')
  })

  test.each([['ReadOnlyMany'], ['ReadWriteMany'], ['ReadWriteOnce', 'ReadOnlyMany']])(
    'may be %s',
    (...accessModes) => {
      expect(create(onClaim({ name: 'ops-staged' }), aView({ claims: [aClaim({ accessModes })] }))).toEqual(
        allow(),
      )
    },
  )

  test('need not be Bound yet: that is for the status to say', () => {
    const claims = [aClaim({ status: { phase: 'Pending' } })]
    expect(create(onClaim({ name: 'ops-staged' }), aView({ claims }))).toEqual(allow())
  })
})

describe('after creation', () => {
  const source = (huggingFace: object) =>
    ({ kind: 'Weights', source: { huggingFace: { ...HF, ...huggingFace } } }) as const
  const existing = onClaim({ name: 'ops-staged', subPath: 'a' })

  test.each<[string, ModelCache, ModelCache]>([
    ['artifact.kind', aModelCache(), spec({ artifact: { ...source({}), kind: 'Tokenizer' } })],
    ['artifact.source.huggingFace.repo', aModelCache(), spec({ artifact: source({ repo: 'a/b' }) })],
    ['artifact.source.huggingFace.revision', aModelCache(), spec({ artifact: source({ revision: 'v2' }) })],
    [
      'artifact.source.huggingFace.include',
      aModelCache(),
      spec({ artifact: source({ include: ['*.json'] }) }),
    ],
    ['artifact.source.huggingFace.exclude', spec({ artifact: source({ exclude: ['a'] }) }), aModelCache()],
    ['mount.path', aModelCache(), spec({ mount: { path: '/mnt/other' } })],
    ['storage.pvc.storageClassName', aModelCache(), pvc('other')],
    ['storage.pvc.storageClassName', pvc(), pvc('now-named')],
    ['storage.pvc.storageClassName', aModelCache(), spec({ storage: { backend: 'PVC' } })],
    ['storage.existingPVC', existing, onClaim({ name: 'other', subPath: 'a' })],
    ['storage.existingPVC', existing, onClaim({ name: 'ops-staged', subPath: 'b' })],
    ['storage.existingPVC', existing, onClaim({ name: 'ops-staged' })],
  ])('%s is FieldImmutable', (path, before, after) => {
    const found = violationOf(update(before, after))
    expect(found).toMatchObject({ reason: 'FieldImmutable', field: `spec.${path}` })
    expect(found.text).toContain('create a ModelCache of another name instead')
  })

  test.each([
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/y' }, 'uri'],
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/x', region: 'eu-west-1' }, 'region'],
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/x', endpoint: 'https://minio' }, 'endpoint'],
    ['http', { url: 'https://e/x' }, { url: 'https://e/y' }, 'url'],
    ['http', { url: 'https://e/x' }, { url: 'https://e/x', sha256: 'a'.repeat(64) }, 'sha256'],
    ['oci', { reference: 'r/x:1' }, { reference: 'r/x:2' }, 'reference'],
    ['inline', { files: { a: '1' } }, { files: { a: '2' } }, 'files'],
    ['inline', { files: { a: '1' } }, { files: { b: '1' } }, 'files'],
    ['configMap', { name: 'a' }, { name: 'b' }, 'name'],
  ])('artifact.source.%s of %j cannot become %j', (name, before, after, member) => {
    const withSource = (value: object) =>
      spec({
        artifact: { kind: 'Weights', source: { [name]: value } as ModelCache['spec']['artifact']['source'] },
      })
    expect(violationOf(update(withSource(before), withSource(after)))).toMatchObject({
      reason: 'FieldImmutable',
      field: `spec.artifact.source.${name}.${member}`,
    })
  })

  test('one source cannot become another, nor one backend another', () => {
    const swapped = update(aModelCache(), spec({ artifact: { kind: 'Weights', source: { inline: INLINE } } }))
    expect(new Set(reasonsOf(swapped))).toEqual(new Set(['FieldImmutable']))
    const fields = findingsOf(update(aModelCache(), existing)).map(({ violation }) => violation.field)
    expect(fields).toContain('spec.storage.backend')
  })

  test('the text says from what to what, cut short where it is long', () => {
    const text = textOf(update(aModelCache(), spec({ mount: { path: '/mnt/other' } })))
    expect(text).toContain('from /mnt/model to /mnt/other')
    expect(textOf(update(pvc(), pvc('x')))).toContain('from unset to x')
    const s3 = (uri: string) => spec({ artifact: { kind: 'Bytes', source: { s3: { uri } } } })
    expect(textOf(update(s3(`s3://bkt/${'x'.repeat(900)}`), s3('s3://bkt/y'))).length).toBeLessThan(500)
  })

  test('the text does not quote the contents of files', () => {
    const inline = (content: string) =>
      spec({ artifact: { kind: 'Bytes', source: { inline: { files: { a: content } } } } })
    const text = textOf(update(inline('secret before'), inline('secret now')))
    expect(text).toContain('spec.artifact.source.inline.files cannot change; create')
    expect(text).not.toContain('secret')
  })

  test('of a file is told whatever the file is called', () => {
    const named = (content: string) =>
      spec({
        artifact: { kind: 'Bytes', source: { inline: { files: JSON.parse(`{"__proto__":"${content}"}`) } } },
      })
    expect(textOf(update(named('before'), named('now')))).toContain('inline.files cannot change')
  })

  test.each<[string, ModelCache, ModelCache]>([
    ['nothing', aModelCache(), aModelCache()],
    ['the metadata', aModelCache(), aModelCache({ metadata: { resourceVersion: '2' } })],
    [
      'a new credential',
      aModelCache(),
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
    ],
    [
      'another key of a credential',
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'other' } }) }),
    ],
    [
      'no credential any more',
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
      aModelCache(),
    ],
    ['where the Job runs', aModelCache(), spec({ hydration: { nodeSelector: { pool: 'io' } } })],
    [
      'a larger claim',
      aModelCache(),
      spec({ storage: { backend: 'PVC', pvc: { storageClassName: 'shared', sizeGiB: 200 } } }),
    ],
  ])('%s may change', (_, before, after) => {
    expect(update(before, after)).toEqual(allow())
  })

  test('a default that the stored object spells out is no change', () => {
    const stored = spec({ artifact: source({ revision: 'main' }) })
    const bare = {
      ...stored,
      spec: { ...stored.spec, artifact: { source: { huggingFace: { repo: HF.repo } } } },
    }
    expect(update(stored, bare)).toEqual(allow())
  })

  test('the cluster is not asked: a vanished StorageClass or claim never blocks a label edit', () => {
    const labelled = { labels: { team: 'ml' } }
    const asksNothing: ClusterView = new Proxy(EMPTY, {
      get: (_, name) => () => {
        throw new Error(`asked for ${String(name)}`)
      },
    })
    const advised = spec({
      artifact: source({ revision: 'main', secretRef: { name: 'gone', key: 'token' } }),
      storage: { backend: 'PVC', pvc: { sizeGiB: 200 } },
      clusterSelector: {},
    })
    for (const before of [aModelCache(), pvc(), existing, advised]) {
      const after = { ...before, metadata: { ...before.metadata, ...labelled } }
      expect(update(before, after, asksNothing)).toEqual(allow())
    }
  })
})

describe('an object that is being deleted', () => {
  const leaving = { deletionTimestamp: '2031-05-04T03:02:01Z', finalizers: [] }

  test.each<[string, unknown, unknown]>([
    ['is as it was', aModelCache(), aModelCache({ metadata: leaving })],
    ['no longer parses', {}, { metadata: { name: 'llama', ...leaving }, spec: { mount: 7 } }],
    [
      'breaks every rule',
      aModelCache(),
      { ...spec({ mount: { path: '/etc' } }), metadata: { name: 'l', ...leaving } },
    ],
  ])('loses its finalizer even if it %s', (_, before, after) => {
    expect(update(before, after)).toEqual(allow())
  })
})

describe('nothing is said of', () => {
  test.each(['CONNECT'])('operation %s', operation => {
    expect(validateModelCache(aRequest({ operation, object: null }), EMPTY, DENY)).toEqual(allow())
  })

  test('the status subresource, which the controller writes', () => {
    const request = aRequest({ operation: 'UPDATE', subResource: 'status', object: {}, oldObject: {} })
    expect(validateModelCache(request, EMPTY, DENY)).toEqual(allow())
  })
})

test('what may come right is told, all of it, and lets the object through', () => {
  const twin = aModelCache({
    name: 'twin',
    spec: { artifact: { source: { huggingFace: { repo: HF.repo } } } },
  })
  const cache = spec({
    artifact: {
      kind: 'Weights',
      source: { huggingFace: { repo: HF.repo, revision: 'main', secretRef: { name: 'gone', key: 'token' } } },
    },
    storage: { backend: 'PVC', pvc: { storageClassName: 'shared', sizeGiB: 2 } },
    clusterSelector: {},
  })
  const quota = {
    metadata: { name: 'storage', namespace: NAMESPACE },
    spec: { hard: { 'requests.storage': '1Gi' } },
  }
  const view = aView({ classes: [aStorageClass()], caches: [twin], quotas: [quota] })
  const decision = create(cache, view)
  expect(decision.allowed && decision.warnings.map(({ violation }) => violation.reason)).toEqual([
    'SourceAlreadyCached',
    'MutableRevision',
    'StorageQuotaExceeded',
    'NoInferenceCluster',
  ])
  expect(reasonsOf(create(cache, aView()))).toEqual(['StorageClassNotFound'])
})

test('all problems come in one answer', () => {
  const cache = spec({
    artifact: { kind: 'Adapter' },
    mount: { path: '/etc' },
    storage: { backend: 'PVC', pvc: { storageClassName: 'gone' } },
  })
  expect(reasonsOf(create(cache)).sort()).toEqual([
    'ArtifactSourceRequired',
    'MountPathReserved',
    'NotImplemented',
    'StorageClassNotFound',
  ])
})

test.each([null, {}, { ...aModelCache(), kind: 'Pod' }, { ...aModelCache(), spec: {} }])(
  'what is not a ModelCache is SpecInvalid: %#',
  object => {
    const decision = create(object)
    expect(reasonsOf(decision)).toEqual(['SpecInvalid'])
    expect(textOf(decision)).toContain('not a ModelCache')
  },
)
