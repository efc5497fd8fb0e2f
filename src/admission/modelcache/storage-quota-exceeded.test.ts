import { describe, expect, test } from 'vitest'
import { aModelCache, anInferenceCluster, aStorageClass, NAMESPACE } from '../../api/fixtures.ts'
import { type ResourceQuota, resourceQuota } from '../../api/kubernetes/resource-quota.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { storageQuota } from './storage-quota-exceeded.ts'

type Quantities = Record<string, string | number>

const sized = (sizeGiB?: number, storageClassName: string | undefined = 'shared') =>
  aModelCache({ spec: { storage: { pvc: { storageClassName, sizeGiB } } } })
const byDefault = (sizeGiB: number) => aModelCache({ spec: { storage: { pvc: { sizeGiB } } } })
const quota = (hard: Quantities, used?: Quantities, name = 'storage') =>
  resourceQuota.parse({ metadata: { name, namespace: NAMESPACE }, status: { hard, used } })

function warnings(
  cache: ModelCache,
  quotas: ResourceQuota[],
  old?: ModelCache,
  held: Parameters<typeof aView>[0] = {},
) {
  return storageQuota({ namespace: NAMESPACE, cache, old }, aView({ quotas, ...held }), aPolicy())
}

const texts = (...given: Parameters<typeof warnings>) =>
  warnings(...given).map(({ violation }) => violation.text)

const STORAGE = 'requests.storage'
const CLAIMS = 'persistentvolumeclaims'
const SHARED_STORAGE = `shared.storageclass.storage.k8s.io/${STORAGE}`
const SHARED_CLAIMS = `shared.storageclass.storage.k8s.io/${CLAIMS}`

describe('a new claim', () => {
  test.each<[string, string]>([
    [STORAGE, '10Gi'],
    [SHARED_STORAGE, '10Gi'],
    [CLAIMS, '1'],
    [`count/${CLAIMS}`, '1'],
    [SHARED_CLAIMS, '1'],
  ])('is told when there is no room in %s', (resource, more) => {
    const found = warnings(sized(10), [quota({ [resource]: more }, { [resource]: '1' })])
    expect(found).toMatchObject([{ violation: { reason: 'StorageQuotaExceeded', field: 'spec.storage' } }])
    expect(found[0]?.violation.text).toContain(
      `ResourceQuota storage would deny the claim: ${resource} has 1 of ${more} in use, and the claim needs ${more} more`,
    )
    expect(warnings(sized(10), [quota({ [resource]: more }, { [resource]: '0' })])).toEqual([])
  })

  test.each<[string, Quantities, Quantities | undefined]>([
    ['exactly as much as there is', { [STORAGE]: '30Gi' }, { [STORAGE]: '20Gi' }],
    ['what fits in other units', { [STORAGE]: '1.5Ti' }, { [STORAGE]: '1520G' }],
    ['what fits, where nothing is counted yet', { [STORAGE]: '10Gi' }, undefined],
    ['what is not limited', { [STORAGE]: '100Gi', 'requests.cpu': 1 }, { 'requests.cpu': 1 }],
    [
      'claims of another class',
      { 'block.storageclass.storage.k8s.io/requests.storage': '1Gi' },
      { 'block.storageclass.storage.k8s.io/requests.storage': '1Gi' },
    ],
    ['what a limit that is no quantity says', { [STORAGE]: 'much' }, {}],
  ])('may ask for %s', (_, hard, used) => {
    expect(warnings(sized(10), [quota(hard, used)])).toEqual([])
  })

  test('is told what is one byte too much', () => {
    const bytes = (10n * 2n ** 30n - 1n).toString()
    expect(warnings(sized(10), [quota({ [STORAGE]: bytes })])).toHaveLength(1)
  })

  test('is told of each limit of each quota', () => {
    const quotas = [quota({ [STORAGE]: '1Gi', [CLAIMS]: 0 }), quota({ [STORAGE]: '2Gi' }, {}, 'other')]
    expect(texts(sized(10), quotas)).toEqual([
      expect.stringContaining(`storage would deny the claim: ${STORAGE} has 0 of 1Gi`),
      expect.stringContaining(`storage would deny the claim: ${CLAIMS} has 0 of 0`),
      expect.stringContaining(`other would deny the claim: ${STORAGE} has 0 of 2Gi`),
    ])
  })

  test('whose size is not known yet is counted only', () => {
    const hard = { [STORAGE]: '0', [SHARED_STORAGE]: '0' }
    expect(warnings(sized(), [quota(hard)])).toEqual([])
    expect(warnings(sized(), [quota({ ...hard, [CLAIMS]: 1 }, { [CLAIMS]: 1 })])).toHaveLength(1)
  })

  test('is held to the spec of a quota that has no status yet', () => {
    const spec = { hard: { [STORAGE]: '5Gi' } }
    const young = resourceQuota.parse({ metadata: { name: 'young', namespace: NAMESPACE }, spec })
    expect(texts(sized(10), [young])).toEqual([expect.stringContaining('has 0 of 5Gi')])
  })

  test('is held to the status where both say something: the API server counts by it', () => {
    const both = { ...quota({ [STORAGE]: '100Gi' }), spec: { hard: { [STORAGE]: '5Gi' } } }
    expect(warnings(sized(10), [both])).toEqual([])
  })

  test('is not held to the quota of another namespace', () => {
    const elsewhere = quota({ [STORAGE]: '1Gi' })
    elsewhere.metadata.namespace = 'other'
    expect(warnings(sized(10), [elsewhere])).toEqual([])
  })
})

describe('the class by which a claim is counted', () => {
  const quotas = [quota({ [STORAGE]: '1Gi', [SHARED_STORAGE]: '1Gi' })]
  const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]

  test('is the one that is named, and is part of the basis where it decides', () => {
    const bases = warnings(sized(10), quotas).map(({ basis }) => basis)
    expect(bases).toEqual([[], [{ kind: 'StorageClass', name: 'shared' }]])
  })

  test('is the default one where none is named', () => {
    const classes = [aStorageClass({ annotations: isDefault })]
    expect(warnings(byDefault(10), quotas, undefined, { classes }).map(({ basis }) => basis)).toEqual([
      [],
      LISTS,
    ])
  })

  test('is the one of the InferenceCluster where that names one', () => {
    const classes = [aStorageClass({ name: 'std', annotations: isDefault })]
    const inferenceClusters = [anInferenceCluster('prod', 'shared')]
    expect(warnings(byDefault(10), quotas, undefined, { classes, inferenceClusters })).toHaveLength(2)
    expect(warnings(byDefault(10), quotas, undefined, { classes })).toHaveLength(1)
  })
})

describe('a stored claim', () => {
  const hard = { [STORAGE]: '30Gi', [CLAIMS]: 1, [`count/${CLAIMS}`]: 1, [SHARED_CLAIMS]: 1 }
  const full = [quota(hard, { ...hard, [STORAGE]: '20Gi' })]

  test('that grows asks for the difference alone', () => {
    expect(warnings(sized(20), full, sized(10))).toEqual([])
    expect(texts(sized(21), full, sized(10))).toEqual([
      expect.stringContaining(`${STORAGE} has 20Gi of 30Gi in use, and the claim needs 11Gi more`),
    ])
  })

  test.each<[string, ModelCache, ModelCache]>([
    ['keeps its size', sized(100), sized(100)],
    ['shrinks, which is denied', sized(100), sized(200)],
    ['loses its size, which is denied', sized(), sized(100)],
    ['gets its first size in place of a measured one', sized(100), sized()],
  ])('that %s asks for nothing', (_, now, before) => {
    expect(warnings(now, [quota({ [STORAGE]: '0', [SHARED_STORAGE]: '0' })], before)).toEqual([])
  })
})

test('a cache over an existing claim makes none', () => {
  const cache = aModelCache({
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'staged' } } },
  })
  expect(warnings(cache, [quota({ [STORAGE]: '0', [CLAIMS]: 0 })])).toEqual([])
})
