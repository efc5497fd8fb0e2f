import { describe, expect, test } from 'vitest'
import { aCondition, aModelCache, aReadyCache } from '../../api/fixtures.ts'
import { parseObject } from '../../kube/resource.ts'
import { isOld, newsFor, newsOf } from './news.ts'
import { RETRYING_KINDS, type RetryingWorkload } from './retrying-kinds.ts'

const SINCE = '2031-05-04T03:02:01Z'
const isNewlyReady = aModelCache({
  status: { conditions: [{ ...aCondition('Ready', 'True'), lastTransitionTime: SINCE }] },
})
const isNew = aModelCache({ metadata: { creationTimestamp: SINCE } })

describe('news is', () => {
  test('that a cache is Ready, or that it exists', () => {
    expect(newsOf(isNewlyReady)).toEqual({
      text: `llama is Ready since ${SINCE}`,
      since: SINCE,
      gatedOnly: false,
    })
    expect(newsOf(isNew)).toEqual({ text: `llama exists since ${SINCE}`, since: SINCE, gatedOnly: true })
  })

  test('none for a cache that is going', () => {
    const metadata = { ...isNewlyReady.metadata, deletionTimestamp: SINCE }
    expect(newsOf({ ...isNewlyReady, metadata })).toBeUndefined()
  })

  test('old when all pods have tried again since', () => {
    expect([2_000, 1_002_000].map(ms => isOld({ ...ready, since: SINCE }, Date.parse(SINCE) + ms))).toEqual([
      false,
      true,
    ])
  })
})

const WORKLOADS: [kind: string, short: object, full: object][] = [
  ['ReplicaSet', { spec: { replicas: 2 }, status: { replicas: 1 } }, { spec: { replicas: 0 } }],
  ['StatefulSet', { spec: {} }, { spec: {}, status: { replicas: 1 } }],
  [
    'DaemonSet',
    { status: { desiredNumberScheduled: 2, currentNumberScheduled: 1 } },
    { status: { desiredNumberScheduled: 1, currentNumberScheduled: 1 } },
  ],
  ['Job', { spec: { parallelism: 2 }, status: { active: 1 } }, { spec: {}, status: { active: 1 } }],
  ['Job', { spec: {} }, { spec: { suspend: true } }],
  ['Job', { spec: {} }, { status: { conditions: [{ type: 'Complete', status: 'True' }] } }],
]

function workload(
  kind: string,
  given: { spec?: object },
  caches = 'llama',
  more: object = {},
): RetryingWorkload {
  const resource = RETRYING_KINDS.find(each => each.kind === kind) ?? expect.fail(kind)
  const template = { metadata: { annotations: { 'modelplane.ai/caches': caches, ...more } } }
  const object = { metadata: { name: 'a', namespace: 'team' }, ...given, spec: { ...given.spec, template } }
  return parseObject(resource, object).data ?? expect.fail('malformed')
}

const caches = new Map([
  ['llama', aReadyCache()],
  ['slow', aModelCache({ name: 'slow' })],
])
const ready = { text: 'llama is Ready', since: SINCE, gatedOnly: false }
const tries = (each: RetryingWorkload, news = ready) =>
  newsFor(each, new Map([['llama', news]]), name => caches.get(name)) === news

test.each(WORKLOADS)('a %s tries again while it lacks pods', (kind, short, full) => {
  expect(tries(workload(kind, short))).toBe(true)
  expect(tries(workload(kind, full))).toBe(false)
})

const GATE = { 'modelplane.ai/not-ready': 'Gate' }
test.each<[string, boolean, string, object, boolean]>([
  ['of another cache does not', false, 'slow', {}, false],
  ['of two Ready ones does', true, 'llama, llama', {}, false],
  ['that waits for another one does not', false, 'llama,slow', {}, false],
  ['at a gate does, even if another one is not Ready', true, 'llama,slow', GATE, false],
  ['at a gate does not, if another one is missing', false, 'llama,gone', GATE, false],
  ['of a cache that is new does not', false, 'llama', {}, true],
  ['of a cache that is new does at a gate', true, 'llama', GATE, true],
])('one %s', (_, expected, names, more, gatedOnly) => {
  expect(tries(workload('ReplicaSet', { spec: {} }, names, more), { ...ready, gatedOnly })).toBe(expected)
})
