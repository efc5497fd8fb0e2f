import { expect, test } from 'vitest'
import { anObservation, aTakenUpCache } from '../fixtures.ts'
import { notImplemented } from './not-implemented.ts'

const look = (spec: object) => notImplemented(anObservation({ cache: aTakenUpCache({ spec }) }))

test('what this version stages passes', () => {
  expect(notImplemented(anObservation())).toEqual({ next: true })
})

test.each([['backend Custom', { storage: { backend: 'Custom' } }]])(
  '%s fails by name, as an older object may have it',
  (name, spec) => {
    expect(look(spec).verdict).toMatchObject({
      phase: 'Failed',
      reason: 'NotImplemented',
      message: expect.stringContaining(name),
    })
  },
)
