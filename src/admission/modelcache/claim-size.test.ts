import { describe, expect, test } from 'vitest'
import { aModelCache, anInferenceCluster, aStorageClass, NAMESPACE } from '../../api/fixtures.ts'
import type { StorageClass } from '../../api/kubernetes/storage-class.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { claimSize } from './claim-size.ts'

const sized = (sizeGiB?: number, storageClassName: string | undefined = 'shared') =>
  aModelCache({ spec: { storage: { pvc: { storageClassName, sizeGiB } } } })
const byDefault = (sizeGiB: number) => aModelCache({ spec: { storage: { pvc: { sizeGiB } } } })
const expandable = (given: Parameters<typeof aStorageClass>[0] = {}): StorageClass => ({
  ...aStorageClass(given),
  allowVolumeExpansion: true,
})
const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]
const DEFAULT = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }

function findings(old: ReturnType<typeof sized> | undefined, cache = sized(), classes: StorageClass[] = []) {
  return claimSize({ namespace: NAMESPACE, cache, old }, aView({ classes }), aPolicy())
}

describe('the size of the claim', () => {
  test.each([
    ['set at creation', undefined, sized(5)],
    ['unchanged', sized(5), sized(5)],
    ['set where it was absent', sized(), sized(5)],
    ['absent', sized(), sized()],
  ])('may be %s, whatever the class', (_, old, cache) => {
    expect(findings(old, cache)).toEqual([])
  })

  test.each([
    ['less', sized(4), 'shrink to 4'],
    ['removed', sized(), 'be removed'],
  ])('is SizeCannotShrink when it is %s, on no basis but the request', (_, cache, words) => {
    const found = findings(sized(5), cache, [expandable()])
    expect(found).toMatchObject([
      { violation: { reason: 'SizeCannotShrink', field: 'spec.storage.pvc.sizeGiB' }, basis: [] },
    ])
    expect(found[0]?.violation.text).toContain(words)
  })

  test('may grow on a class that allows expansion', () => {
    expect(findings(sized(5), sized(6), [expandable()])).toEqual([])
    expect(findings(byDefault(5), byDefault(6), [expandable({ name: 'std', ...DEFAULT })])).toEqual([])
  })

  test.each<[string, StorageClass[], string]>([
    ['does not say that it allows expansion', [aStorageClass()], 'shared does not have'],
    ['refuses expansion', [{ ...aStorageClass(), allowVolumeExpansion: false }], 'shared does not have'],
    ['does not exist', [], 'shared does not exist'],
  ])(
    'is ExpansionNotAllowed when it grows on a class that %s, on the basis of that class',
    (_, classes, words) => {
      const found = findings(sized(5), sized(6), classes)
      expect(found).toMatchObject([
        {
          violation: { reason: 'ExpansionNotAllowed', field: 'spec.storage.pvc.sizeGiB' },
          basis: [{ kind: 'StorageClass', name: 'shared' }],
        },
      ])
      expect(found[0]?.violation.text).toContain(words)
    },
  )

  test('is held to the default class where none is named, on the basis of the whole lists', () => {
    for (const classes of [[aStorageClass({ name: 'std', ...DEFAULT })], []]) {
      expect(findings(byDefault(5), byDefault(6), classes)).toMatchObject([
        { violation: { reason: 'ExpansionNotAllowed' }, basis: LISTS },
      ])
    }
  })

  test('is held to the class that the InferenceCluster names, and the text says whose it is', () => {
    const inferenceClusters = [anInferenceCluster('prod', 'shared')]
    const judge = (classes: StorageClass[]) =>
      claimSize(
        { namespace: NAMESPACE, cache: byDefault(6), old: byDefault(5) },
        aView({ classes, inferenceClusters }),
        aPolicy(),
      )
    const std = aStorageClass({ name: 'std', ...DEFAULT })
    expect(judge([expandable(), std])).toEqual([])
    const found = judge([aStorageClass(), expandable({ name: 'std', ...DEFAULT })])
    expect(found).toMatchObject([{ violation: { reason: 'ExpansionNotAllowed' }, basis: LISTS }])
    expect(found[0]?.violation.text).toContain('StorageClass shared of InferenceCluster prod does not have')
    expect(judge([std])[0]?.violation.text).toContain(
      'StorageClass shared of InferenceCluster prod does not exist',
    )
  })
})
