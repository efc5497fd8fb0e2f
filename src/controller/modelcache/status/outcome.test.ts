import { expect, test } from 'vitest'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { outcomeOf } from './outcome.ts'

const at = (minute: number) => `2031-05-04T03:0${minute}:00Z`
const failure = (minute: number, reason = 'SourceNotFound') => ({
  hydration: { failure: { reason, message: 'no such file', finishedAt: at(minute), madeFrom: 'x' } },
})
const verified = (minute: number, intact: boolean) => ({
  verification: { digest: `sha256:${'a'.repeat(64)}`, intact, finishedAt: at(minute) },
})
const staged: ModelCacheStatus = {
  phase: 'Ready',
  bytesStaged: 100,
  lastHydratedAt: at(3),
  hydration: { startedAt: at(1) },
}

test.each<[string, ModelCacheStatus | undefined, ModelCacheStatus, ReturnType<typeof outcomeOf>]>([
  ['a first look', undefined, { phase: 'Pending' }, { bytes: 0 }],
  ['bytes that come', { bytesStaged: 40 }, { bytesStaged: 70 }, { bytes: 30 }],
  ['a run that begins again counts what it adds', { bytesStaged: 70 }, { bytesStaged: 10 }, { bytes: 0 }],
  ['the last bytes', { bytesStaged: 70 }, staged, { bytes: 30, staged: { seconds: 120 } }],
  ['the same again', staged, staged, { bytes: 0 }],
  ['a cache that is lost, and was staged once', staged, { ...staged, phase: 'Failed' }, { bytes: 0 }],
  [
    'a snapshot whose Job nobody remembers',
    undefined,
    { phase: 'Ready', lastHydratedAt: at(3) },
    { bytes: 0, staged: { seconds: undefined } },
  ],
  [
    'a node whose clock is behind',
    undefined,
    { ...staged, lastHydratedAt: at(0) },
    { bytes: 100, staged: { seconds: 0 } },
  ],
  ['a failure', undefined, failure(1), { bytes: 0, failed: 'SourceNotFound' }],
  ['a failure that is known', failure(1), failure(1), { bytes: 0 }],
  ['the next one', failure(1), failure(2), { bytes: 0, failed: 'SourceNotFound' }],
  ['another reason', failure(1), failure(1, 'NoSpace'), { bytes: 0, failed: 'NoSpace' }],
  ['a verification', undefined, verified(1, true), { bytes: 0, verified: 'intact' }],
  ['one that finds damage', verified(1, true), verified(2, false), { bytes: 0, verified: 'damaged' }],
  ['one that is known', verified(2, false), verified(2, false), { bytes: 0 }],
])('%s', (_, before, after, expected) => {
  expect(outcomeOf(before, after)).toEqual(expected)
})
