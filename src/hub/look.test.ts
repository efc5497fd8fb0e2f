import { describe, expect, test } from 'vitest'
import { anInferenceCluster } from '../api/fixtures.ts'
import type { DeclaredDriver } from '../api/inference-cluster.ts'
import { ApiError } from '../kube/api-error.ts'
import { lookAt } from './look.ts'
import { ClusterProblem } from './problem.ts'

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelcaches.modelplane.ai'
const CLASSES = '/apis/storage.k8s.io/v1/storageclasses'
const CACHES = '/apis/modelplane.ai/v1alpha1/modelcaches'
const SHARED = { metadata: { name: 'files' }, provisioner: 'filestore.csi.storage.gke.io' }
const BLOCK = { metadata: { name: 'disks' }, provisioner: 'ebs.csi.aws.com' }

/** What a sound cluster answers, by path. An error is thrown. */
const SOUND: Readonly<Record<string, unknown>> = {
  '/version': { gitVersion: 'v1.36.1' },
  '/api/v1/namespaces/kube-system': { metadata: { uid: 'uid-1' } },
  [CLASSES]: { metadata: {}, items: [BLOCK, SHARED] },
  [CRD]: {
    metadata: { labels: { 'app.kubernetes.io/version': '0.1.0' } },
    spec: { versions: [{ name: 'v1alpha1', served: true }] },
  },
  [CACHES]: { metadata: { remainingItemCount: 11 }, items: [{}] },
}

function look(
  answers: Readonly<Record<string, unknown>> = {},
  storageClassName?: string,
  csiDrivers?: DeclaredDriver[],
) {
  const all: Readonly<Record<string, unknown>> = { ...SOUND, ...answers }
  const get = async (path: string) => {
    const answer = all[path.replace(/\?.*/, '')]
    if (answer === undefined) throw new ApiError(404, 'NotFound', 'not found')
    if (answer instanceof Error) throw answer
    return answer
  }
  const { spec, ...rest } = anInferenceCluster('gpu', storageClassName)
  const cluster = { ...rest, spec: { ...spec, storage: { ...spec.storage, csiDrivers } } }
  return lookAt(cluster, { get }, new AbortController().signal)
}

/** The reason and the message of the problem, thrown or not. */
async function problemOf(...given: Parameters<typeof look>): Promise<string | undefined> {
  const { problem } = await look(...given).catch(error => {
    if (error instanceof ClusterProblem) return { problem: error }
    throw error
  })
  return problem && `${problem.reason}: ${problem.message}`
}

describe('a look at a cluster', () => {
  test('sees what people want to know of it', async () => {
    expect(await look()).toEqual({
      clusterID: 'uid-1',
      kubernetesVersion: 'v1.36.1',
      modelCacheVersion: '0.1.0',
      storageClasses: ['files'],
      storageClass: undefined,
      caches: 12,
    })
    const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    const items = [BLOCK, { ...SHARED, metadata: { name: 'files', annotations: isDefault } }]
    expect(await look({ [CLASSES]: { metadata: {}, items } })).toMatchObject({ storageClass: 'files' })
    expect(await look({}, 'files')).toMatchObject({ storageClass: 'files' })
  })

  test.each<[what: string, answers: Readonly<Record<string, unknown>>, told: string]>([
    [
      'credentials that are not accepted',
      { '/api/v1/namespaces/kube-system': new ApiError(401, 'Unauthorized', 'no') },
      'Unauthorized: ',
    ],
    [
      'missing rights',
      { [CLASSES]: new ApiError(403, 'Forbidden', 'cannot list') },
      'Forbidden: cannot list',
    ],
    [
      'silence',
      { '/version': new ApiError(0, 'Timeout', 'no reply in time') },
      'Unreachable: no reply in time',
    ],
    [
      'no API server',
      { '/version': '<html>' },
      'Unreachable: /version is not answered as an API server would',
    ],
    ['no ModelCache', { [CRD]: undefined }, 'ModelCacheNotInstalled: ModelCache is not installed there'],
    [
      'a ModelCache of another version',
      { [CRD]: { metadata: {}, spec: { versions: [{ name: 'v1alpha1', served: false }] } } },
      'ModelCacheNotInstalled: ModelCache there does not serve modelplane.ai/v1alpha1',
    ],
    [
      'no shared class',
      { [CLASSES]: { metadata: {}, items: [BLOCK] } },
      'NoSharedStorageClass: no StorageClass of cluster gpu is known to support ReadWriteMany; there are disks',
    ],
    [
      'no class at all',
      { [CLASSES]: { metadata: {}, items: [] } },
      'NoSharedStorageClass: no StorageClass of cluster gpu is known to support ReadWriteMany; there is none',
    ],
  ])('tells apart %s', async (_, answers, told) => {
    expect(await problemOf(answers)).toContain(told)
  })

  test('knows whether the class that the InferenceCluster names can be used', async () => {
    expect(await problemOf({}, 'files')).toBeUndefined()
    expect(await problemOf({}, 'disks')).toBe(
      'NoSharedStorageClass: StorageClass disks, which this InferenceCluster names, is not known to support ReadWriteMany there',
    )
    expect(await problemOf({}, 'gone')).toContain('does not exist there')
  })

  test('believes what the InferenceCluster declares of a driver', async () => {
    const drivers = (...accessModes: DeclaredDriver['accessModes']) => [
      { name: BLOCK.provisioner, accessModes },
    ]
    expect(await problemOf({}, 'disks', drivers('ReadWriteMany'))).toBeUndefined()
    expect(await problemOf({}, 'disks', drivers('ReadWriteOnce'))).toContain('not known to support')
  })

  test('still tells the version of a cluster without ModelCache', async () => {
    expect(await look({ [CRD]: undefined })).toMatchObject({
      clusterID: 'uid-1',
      kubernetesVersion: 'v1.36.1',
    })
  })
})
