import { expect, test } from 'vitest'
import { heldLease, lease, newLease, releasedLease } from './lease.ts'

const NOON = Date.parse('2031-05-04T12:00:00.123Z')

const held = lease.parse({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'elected', namespace: 'system', resourceVersion: '7', labels: { a: 'b' } },
  spec: {
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '2031-05-04T09:00:00.000000Z',
    renewTime: '2031-05-04T11:00:00.000000Z',
    leaseTransitions: 4,
    strategy: 'OldestEmulationVersion',
  },
})

test('a new Lease is a whole object, at its first holder', () => {
  expect(newLease('elected', 'system', 'a', NOON)).toEqual({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'elected', namespace: 'system' },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2031-05-04T12:00:00.123000Z',
      renewTime: '2031-05-04T12:00:00.123000Z',
      leaseTransitions: 0,
    },
  })
})

test('a renewal changes the time of the renewal alone', () => {
  expect(heldLease(held, 'a', NOON)).toEqual({
    ...held,
    spec: { ...held.spec, renewTime: '2031-05-04T12:00:00.123000Z' },
  })
})

test('a takeover counts as a transition, keeps the version it rests on and what else is there', () => {
  expect(heldLease(held, 'b', NOON)).toEqual({
    ...held,
    spec: {
      ...held.spec,
      holderIdentity: 'b',
      acquireTime: '2031-05-04T12:00:00.123000Z',
      renewTime: '2031-05-04T12:00:00.123000Z',
      leaseTransitions: 5,
    },
  })
})

test('a Lease that somebody made without a spec can be taken', () => {
  const bare = lease.parse({ metadata: { name: 'elected', resourceVersion: '1' } })
  expect(heldLease(bare, 'a', NOON).spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 })
})

test('a released Lease has no holder, and the shortest duration', () => {
  expect(releasedLease(held, NOON)).toEqual({
    ...held,
    spec: {
      ...held.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: '2031-05-04T12:00:00.123000Z',
      renewTime: '2031-05-04T12:00:00.123000Z',
    },
  })
})
