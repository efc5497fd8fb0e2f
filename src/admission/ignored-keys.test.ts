import { describe, expect, test } from 'vitest'
import { type Bearing, ignoredKeys } from './ignored-keys.ts'

type Members = Record<string, unknown>

const at = (
  bearer: Bearing['bearer'],
  metadata: { annotations?: Members; labels?: Members } | undefined,
  path = '',
): Bearing => ({ bearer, path, raw: { metadata } })

const textsOf = (...bearings: Bearing[]) => ignoredKeys(bearings).map(({ violation }) => violation.text)

const G = 'modelplane.ai'

describe('a key that does nothing', () => {
  test.each<[string, Bearing, string]>([
    [
      'is unknown',
      at('pod', { annotations: { [`${G}/cache`]: 'a' } }),
      `annotation ${G}/cache is not known; did you mean annotation ${G}/caches?`,
    ],
    [
      'is unknown and means something else',
      at('pod', { annotations: { [`${G}/pause`]: 'a' } }),
      `annotation ${G}/pause is not known; did you mean annotation ${G}/paused of the ModelCache?`,
    ],
    [
      'is a label',
      at('pod', { labels: { [`${G}/caches`]: 'a' } }),
      `label ${G}/caches does nothing; make it an annotation`,
    ],
    [
      'is a label of the workload',
      at('workload', { labels: { [`${G}/caches`]: 'a' } }),
      `label ${G}/caches does nothing; make it an annotation of the pod template`,
    ],
    [
      'stands on the workload',
      at('workload', { annotations: { [`${G}/not-ready`]: 'Gate' } }),
      `annotation ${G}/not-ready does not reach the pods of this workload; move it to the pod template`,
    ],
    [
      'stands alone',
      at('pod', { annotations: { [`${G}/cache-containers`]: 'a' } }, 'spec.template'),
      `spec.template: annotation ${G}/cache-containers does nothing without ${G}/caches; add that annotation, or remove this one`,
    ],
    [
      'belongs elsewhere',
      at('pod', { annotations: { [`${G}/access-modes`]: 'a' } }),
      `annotation ${G}/access-modes does nothing here; set it on the StorageClass`,
    ],
    [
      'has a value that is none',
      at('modelcache', { annotations: { [`${G}/paused`]: 'True' } }),
      `annotation ${G}/paused is "True", which does nothing; did you mean "true"?`,
    ],
    [
      'is far from all',
      at('modelcache', { labels: { [`${G}/tier`]: 'gold' } }),
      `label ${G}/tier is not known; the annotations for the ModelCache are ${G}/paused, ${G}/refetch, ${G}/verify, ${G}/allow-delete-in-use`,
    ],
  ])('%s', (_, bearing, expected) => {
    expect(textsOf(bearing)).toEqual([expected.length > 188 ? `${expected.slice(0, 187)}…` : expected])
  })

  test('is escaped and cut before a person reads it', () => {
    const [text = ''] = textsOf(at('pod', { annotations: { [`${G}/\u001b[2J${'x'.repeat(10_000)}`]: 'a' } }))
    expect(text).toContain('\\u{1b}[2J')
    expect(text.length).toBeLessThan(200)
  })

  test('is one of four at most, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`${G}/x${index}`, 'a']))
    expect(textsOf(at('pod', { annotations: many, labels: many }))).toHaveLength(4)
  })
})

describe('nothing is found', () => {
  test.each<[string, Bearing]>([
    ['without metadata', at('pod', undefined)],
    [
      'in annotations that are none',
      { bearer: 'pod', path: '', raw: { metadata: { annotations: 7, labels: null } } },
    ],
    ['in what works', at('pod', { annotations: { [`${G}/caches`]: 'a', [`${G}/not-ready`]: 'Gate' } })],
    [
      'in what the injector writes',
      at('pod', { annotations: { [`${G}/injected`]: 'a' }, labels: { [`${G}/cache-consumer`]: 'true' } }),
    ],
    ['in what AnnotationNotOnTemplate reports', at('workload', { annotations: { [`${G}/caches`]: 'a' } })],
    [
      'in any value of refetch',
      at('modelcache', { annotations: { [`${G}/refetch`]: 'now', [`${G}/paused`]: 'false' } }),
    ],
  ])('%s', (_, bearing) => {
    expect(textsOf(bearing)).toEqual([])
  })
})
