import { expect, test } from 'vitest'
import { anObservation } from '../fixtures.ts'
import { rejected } from './api-rejection.ts'

test('without a rejection the next step looks', () => {
  expect(rejected(anObservation())).toEqual({ next: true })
})

test.each([
  [true, 'QuotaExceeded'],
  [false, 'RequestRejected'],
])('a rejection is quoted, and the write is tried again (quota: %s)', (isQuota, reason) => {
  const rejection = { kind: 'PersistentVolumeClaim', isQuota, message: 'no room' }
  expect(rejected(anObservation({ rejection }))).toMatchObject({
    againMs: 60_000,
    verdict: {
      phase: 'Pending',
      reason,
      message: 'the API server rejects the PersistentVolumeClaim: no room',
    },
  })
})
