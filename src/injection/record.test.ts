import { expect, test } from 'vitest'
import { DIGEST } from '../api/fixtures.ts'
import { aCacheMount } from './fixtures.ts'
import { asRecorded, recordOf } from './record.ts'

const OTHER = `sha256:${'07'.repeat(32)}`
const staged = aCacheMount()
const filled = aCacheMount({
  cache: 'ops',
  claimName: 'ops-staged',
  subPath: 'llama',
  identity: 'pvc/ops-staged',
})

test('the record names each cache with its identity, in order', () => {
  expect(recordOf([staged, filled])).toBe(`llama=${DIGEST},ops=pvc/ops-staged`)
})

test('mounts are as they were where the record agrees or says nothing', () => {
  const mounts = [staged, filled]
  expect(asRecorded(mounts, recordOf(mounts))).toEqual(mounts)
  expect(asRecorded(mounts, undefined)).toEqual(mounts)
  expect(asRecorded(mounts, `stranger=${OTHER}`)).toEqual(mounts)
})

test('a cache that was fetched again is mounted at the snapshot of the record, from its own claim', () => {
  expect(asRecorded([staged], `llama=${OTHER}`)).toEqual([
    { ...staged, identity: OTHER, subPath: `snapshots/${OTHER}` },
  ])
})

test.each([
  '',
  'llama',
  'llama=',
  'llama=..',
  'llama=pvc/x',
  `llama=${OTHER}/..`,
  `llama=${OTHER}=x`.slice(0, 20),
])('a record that is no digest moves nothing: "%s"', record => {
  expect(asRecorded([staged], record)).toEqual([staged])
})

test('a claim that people filled stays at its folder, whatever the record says', () => {
  expect(asRecorded([filled], `ops=${OTHER}`)).toEqual([filled])
})
