import { describe, expect, test } from 'vitest'
import { aPolicy, aView } from '../admission/fixtures.ts'
import { aModelCache, anInferenceCluster, aStorageClass } from '../api/fixtures.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import { effectiveClass } from './effective-class.ts'

const DEFAULT = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }
const STANDARD = aStorageClass({ name: 'standard', ...DEFAULT })
const FILES = aStorageClass({ name: 'files' })
const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]

const naming = (storageClassName?: string) =>
  aModelCache({ spec: { storage: { pvc: { storageClassName } } } }).spec

/** For a ModelCache without a class, in a cluster whose default is `standard`. */
function classOf(inferenceClusters: InferenceCluster[], clusterName?: string, classes = [STANDARD, FILES]) {
  return effectiveClass(naming(), aView({ classes, inferenceClusters }), aPolicy({ clusterName }))
}

describe('the effective class', () => {
  test('is the one that the spec names, whatever is registered, and rests on it alone', () => {
    const view = aView({
      classes: [STANDARD, FILES],
      inferenceClusters: [anInferenceCluster('prod', 'standard')],
    })
    expect(effectiveClass(naming('files'), view, aPolicy())).toEqual({
      name: 'files',
      inferenceCluster: undefined,
      found: FILES,
      basis: [{ kind: 'StorageClass', name: 'files' }],
    })
  })

  test('is the one that the only InferenceCluster names, and rests on the whole lists', () => {
    expect(classOf([anInferenceCluster('prod', 'files')])).toEqual({
      name: 'files',
      inferenceCluster: 'prod',
      found: FILES,
      basis: LISTS,
    })
  })

  test('is missing where the InferenceCluster names one that does not exist: the default does not step in', () => {
    expect(classOf([anInferenceCluster('prod', 'gone')])).toMatchObject({
      name: 'gone',
      inferenceCluster: 'prod',
      found: undefined,
    })
  })

  test('is the one of the InferenceCluster that says that it is local, among those of other clusters', () => {
    const of = (name: string, cluster: InferenceCluster['spec']['cluster'], storageClassName: string) => ({
      ...anInferenceCluster(name),
      spec: { cluster, storage: { storageClassName } },
    })
    const remote = of('remote', { source: 'Existing', existing: { secretRef: { name: 's' } } }, 'standard')
    const silent = of('silent', undefined, 'standard')
    expect(classOf([remote, silent, of('here', { source: 'Local' }, 'files')])).toMatchObject({
      name: 'files',
    })
    expect(classOf([remote, of('silent', undefined, 'files')])).toMatchObject({ name: 'files' })
    expect(classOf([remote])).toMatchObject({ name: undefined, found: STANDARD })
  })

  test.each<[string, InferenceCluster[], string?]>([
    ['none is registered', []],
    ['the only InferenceCluster names none', [anInferenceCluster('prod')]],
    [
      'nothing tells which of two it is',
      [anInferenceCluster('a', 'files'), anInferenceCluster('b', 'files')],
    ],
    ['the configured one names none', [anInferenceCluster('a', 'files'), anInferenceCluster('b')], 'b'],
    ['the configured one is not registered', [anInferenceCluster('a', 'files')], 'b'],
  ])('is the default one when %s', (_, inferenceClusters, clusterName) => {
    expect(classOf(inferenceClusters, clusterName)).toEqual({
      name: undefined,
      inferenceCluster: undefined,
      found: STANDARD,
      basis: LISTS,
    })
  })

  test.each([
    ['a', 'standard'],
    ['b', 'files'],
  ])('is that of the configured InferenceCluster %s among several', (clusterName, name) => {
    const registered = [anInferenceCluster('a', 'standard'), anInferenceCluster('b', 'files')]
    expect(classOf(registered, clusterName)).toMatchObject({ name, inferenceCluster: clusterName })
  })
})
