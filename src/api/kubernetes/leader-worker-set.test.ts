import { expect, test } from 'vitest'
import { LEADER_NAME, leaderName } from './leader-worker-set.ts'

test('a worker names its leader', () => {
  expect(leaderName({ [LEADER_NAME]: 'gang-0' })).toBe('gang-0')
})

test.each([undefined, null, {}])('a pod with annotations %s is no worker', annotations => {
  expect(leaderName(annotations)).toBeUndefined()
})

test.each(['', '.', '..', '../secrets/x', 'a/b', 'a%2fb', 'A'])('"%s" names no leader', name => {
  expect(leaderName({ [LEADER_NAME]: name })).toBeUndefined()
})
