import { expect, test } from 'vitest'
import { DIGEST } from '../api/fixtures.ts'
import { aClaimMount, aSnapshotMount } from './fixtures.ts'
import { asRecorded, recordOf } from './record.ts'

const OTHER = `sha256:${'07'.repeat(32)}`
/** The cache `llama` also has the other snapshot. */
const knows = (cache: string, digest: string) => cache === 'llama' && digest === OTHER
const staged = aSnapshotMount()
const filled = aClaimMount({ cache: 'ops', subPath: 'llama' })

test('the record names each cache with its identity, in order', () => {
  expect(recordOf([staged, filled])).toBe(`llama=${DIGEST},ops=pvc/ops-staged`)
})

test('mounts are as they were where the record agrees or says nothing', () => {
  const mounts = [staged, filled]
  expect(asRecorded(mounts, recordOf(mounts), knows)).toEqual(mounts)
  expect(asRecorded(mounts, undefined, knows)).toEqual(mounts)
  expect(asRecorded(mounts, `stranger=${OTHER}`, knows)).toEqual(mounts)
})

test('a cache that was fetched again is mounted at the snapshot of the record, from its own claim', () => {
  expect(asRecorded([staged], `llama=${OTHER}`, knows)).toEqual([{ ...staged, digest: OTHER }])
})

test.each([
  '',
  'llama',
  'llama=',
  'llama=..',
  'llama=pvc/x',
  `llama=${OTHER}/..`,
  `llama=${OTHER}=x`.slice(0, 20),
  `llama=sha256:${'08'.repeat(32)}`,
])('a record that names no snapshot of the cache moves nothing: "%s"', record => {
  expect(asRecorded([staged], record, knows)).toEqual([staged])
})

test('a claim that people filled stays at its folder, whatever the record says', () => {
  expect(asRecorded([filled], `ops=${OTHER}`, () => true)).toEqual([filled])
})
