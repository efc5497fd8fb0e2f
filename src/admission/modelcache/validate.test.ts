import { describe, expect, test } from 'vitest'
import { aModelCache, aStorageClass, NAMESPACE } from '../../api/fixtures.ts'
import { SOURCE_NAMES } from '../../api/sources.ts'
import { allow } from '../decision.ts'
import { aRequest, aView, reasonsOf, textOf } from '../fixtures.ts'
import { create, DENY, EMPTY, HF, onClaim, SOUND_SOURCES, spec, update } from './fixtures.ts'
import { validateModelCache } from './validate.ts'

describe('a sound ModelCache is allowed', () => {
  test.each(SOURCE_NAMES.map(name => [name, SOUND_SOURCES[name]]))('with source %s', (name, source) => {
    expect(
      create({
        ...aModelCache(),
        spec: { ...aModelCache().spec, artifact: { source: { [`${name}`]: source } } },
      }),
    ).toEqual(allow())
  })

  test('on a claim that people filled', () => {
    expect(create(onClaim({ name: 'ops-staged' }))).toEqual(allow())
    expect(create(onClaim({ name: 'ops-staged', namespace: NAMESPACE, subPath: 'llama' }))).toEqual(allow())
  })

  test('when its cluster selector and replication are those that are implemented', () => {
    const selector = { matchExpressions: [{ key: 'modelplane.ai/tier', operator: 'DoesNotExist' as const }] }
    expect(create(spec({ clusterSelector: selector, replication: 'AllMatchingClusters' }))).toEqual(allow())
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
