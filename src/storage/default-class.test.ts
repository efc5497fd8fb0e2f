import { describe, expect, it } from 'vitest'
import { DEFAULT_CLASS_ANNOTATION, type StorageClass } from '../api/kubernetes/storage-class.ts'
import { defaultStorageClass } from './default-class.ts'

const BETA = 'storageclass.beta.kubernetes.io/is-default-class'

function storageClass(
  name: string,
  creationTimestamp?: string,
  annotation = DEFAULT_CLASS_ANNOTATION,
  value = 'true',
) {
  const metadata = { name, creationTimestamp, annotations: { [annotation]: value } }
  return { metadata, provisioner: 'nfs.csi.k8s.io' } satisfies StorageClass
}

describe('defaultStorageClass', () => {
  it('is undefined where no class is marked', () => {
    expect(defaultStorageClass([])).toBeUndefined()
    expect(defaultStorageClass([{ metadata: { name: 'plain' }, provisioner: 'x' }])).toBeUndefined()
  })

  it.each(['false', 'True', '1', ''])('does not take %j for true', value => {
    expect(
      defaultStorageClass([storageClass('a', undefined, DEFAULT_CLASS_ANNOTATION, value)]),
    ).toBeUndefined()
  })

  it('counts the beta annotation, as the API server does', () => {
    expect(defaultStorageClass([storageClass('old', undefined, BETA)])?.metadata.name).toBe('old')
  })

  it.each([
    [
      'the newest, first in the list',
      [
        ['b', '2026-02-01T00:00:00Z'],
        ['a', '2026-01-01T00:00:00Z'],
      ],
      'b',
    ],
    [
      'the newest, last in the list',
      [
        ['a', '2026-01-01T00:00:00Z'],
        ['b', '2026-02-01T00:00:00Z'],
      ],
      'b',
    ],
    [
      'the first by name of equally new ones',
      [
        ['b', '2026-01-01T00:00:00Z'],
        ['a', '2026-01-01T00:00:00Z'],
      ],
      'a',
    ],
    [
      'the one with a time over one without',
      [
        ['a', undefined],
        ['b', '2026-01-01T00:00:00Z'],
      ],
      'b',
    ],
    [
      'the first by name where none has a time',
      [
        ['b', undefined],
        ['a', undefined],
      ],
      'a',
    ],
    [
      'the newest instant, whatever its zone',
      [
        ['a', '2026-01-01T00:30:00+01:00'],
        ['b', '2026-01-01T00:00:00Z'],
      ],
      'b',
    ],
  ] as const)('takes %s', (_, classes, expected) => {
    const found = defaultStorageClass(classes.map(([name, created]) => storageClass(name, created)))
    expect(found?.metadata.name).toBe(expected)
  })

  it('does not let a newer unmarked class win', () => {
    const newer = storageClass('newer', '2026-03-01T00:00:00Z', DEFAULT_CLASS_ANNOTATION, 'false')
    const marked = storageClass('marked', '2026-01-01T00:00:00Z')
    expect(defaultStorageClass(new Set([newer, marked]))).toBe(marked)
  })
})
