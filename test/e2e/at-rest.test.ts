import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../testbed/role.ts'
import { audited, requestsOf } from './support/audit-log.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// What the product costs an API server while nothing happens.

/** Requests of one process in a minute. */
const AT_MOST = 20
/** The lists and watches of the start come before. */
const SETTLE_MS = 15_000
const WINDOW_MS = 60_000

let own: OwnPlane
let second: Role

beforeAll(async () => {
  own = await startOwnPlane({ apiserverFlags: audited })
  second = await own.product.prepareReplica('controller')
  await second.start()
}, 300_000)
afterAll(async () => {
  await second?.stop()
  await own?.[Symbol.asyncDispose]()
})

test('each role sends at most twenty requests a minute, and the watches stay open', async () => {
  await pause(SETTLE_MS)
  const from = Date.now()
  await pause(WINDOW_MS)
  const window = { dir: own.dir, from, to: from + WINDOW_MS }
  const requests = {
    webhook: await requestsOf('webhook', window),
    controller: await requestsOf('controller', window),
  }
  const of = (role: 'webhook' | 'controller') => requests[role]
  expect(of('webhook').length, of('webhook').join()).toBeLessThanOrEqual(AT_MOST)
  // A leader and a follower.
  expect(of('controller').length, of('controller').join()).toBeLessThanOrEqual(2 * AT_MOST)
  expect(of('controller').length).toBeGreaterThan(0)
  for (const role of ['webhook', 'controller'] as const)
    expect(of(role).filter(request => request.startsWith('watch '))).toEqual([])
}, 300_000)
