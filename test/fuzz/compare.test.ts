import { expect, test } from 'vitest'
import { disagreement } from './compare.ts'
import { judged } from './oracle/verdict.ts'

const pod = { spec: { containers: [] } }
const denied = (...reasons: string[]) => judged(pod, reasons)
const allowed = (object: unknown = pod, warnings: string[] = []) => judged(object, [], warnings)

test.each([
  ['the same reason', 'mutate-pods', denied('CacheNotFound'), denied('CacheNotFound')],
  ['one of several', 'mutate-pods', denied('CacheNotFound', 'NotImplemented'), denied('NotImplemented')],
  ['a guess from command lines', 'validate-workloads', allowed(), allowed(pod, ['ModelPathMismatch'])],
])('agrees: %s', (_, webhook, expected, found) => {
  expect(disagreement(webhook, expected, found)).toBeUndefined()
})

test.each([
  ['a denial without need', 'mutate-pods', allowed(), denied('CacheNotFound'), /nothing is wrong/],
  ['an allow', 'mutate-pods', denied('CacheNotFound'), allowed(), /allowed, but CacheNotFound/],
  [
    'another reason',
    'mutate-pods',
    denied('CacheNotFound'),
    denied('CacheNotReady'),
    /true is CacheNotFound/,
  ],
  [
    'a reason too many',
    'mutate-pods',
    denied('CacheNotFound'),
    denied('CacheNotFound', 'CacheNotReady'),
    /true is/,
  ],
  [
    'a writable claim untold',
    'validate-pods',
    denied('ClaimWritable', 'CacheNotReady'),
    denied('CacheNotReady'),
    /ClaimWritable/,
  ],
  [
    'a fault of a cache untold',
    'validate-modelcaches',
    denied('SourceInvalid', 'FieldImmutable'),
    denied('FieldImmutable'),
    /SourceInvalid/,
  ],
  ['another object', 'mutate-pods', allowed(), allowed({ spec: {} }), /another object/],
  ['a warning untold', 'validate-workloads', allowed(pod, ['CacheNotReady']), allowed(), /CacheNotReady/],
  ['no review', 'mutate-pods', allowed(), { ...denied(), isReview: false }, /not taken for a review/],
])('disagrees: %s', (_, webhook, expected, found, words) => {
  expect(disagreement(webhook, expected, found)).toMatch(words)
})
