import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Role } from '../testbed/role.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// What the product costs an API server while nothing happens.

/** Requests of one process in a minute. */
const AT_MOST = 20
/** The lists and watches of the start come before. */
const SETTLE_MS = 15_000
const WINDOW_MS = 60_000

let own: OwnPlane
let second: Role

/** The audit log has one line for each answer, and for a watch one when it begins. */
function audited(dir: string): Record<string, string> {
  const policy = join(dir, 'audit-policy.json')
  const rules = [{ level: 'Metadata' }]
  const omitStages = ['RequestReceived']
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules }))
  return {
    'audit-policy-file': policy,
    'audit-log-path': join(dir, 'audit.log'),
    'audit-log-mode': 'blocking',
  }
}

beforeAll(async () => {
  own = await startOwnPlane({ apiserverFlags: audited })
  second = await own.product.prepareReplica('controller')
  await second.start()
}, 300_000)
afterAll(async () => {
  await second?.stop()
  await own?.[Symbol.asyncDispose]()
})

const line = z.object({
  stage: z.string(),
  verb: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z.object({ resource: z.string().optional() }).optional(),
  stageTimestamp: z.string(),
})

/** The requests that began or were answered in a time, by user, as `verb resource`. */
async function requestsBetween(from: number, to: number): Promise<Map<string, string[]>> {
  const text = await readFile(join(own.dir, 'audit.log'), 'utf8')
  const requests = text
    .split('\n')
    .filter(each => each !== '')
    .map(each => line.parse(JSON.parse(each)))
    .filter(({ verb, stage }) =>
      verb === 'watch' ? stage === 'ResponseStarted' : stage === 'ResponseComplete',
    )
    .filter(({ stageTimestamp }) => Date.parse(stageTimestamp) >= from && Date.parse(stageTimestamp) < to)
  const users = Map.groupBy(requests, ({ user }) => user.username)
  return new Map(
    [...users].map(([user, all]) => [
      user,
      all.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`),
    ]),
  )
}

test('each role sends at most twenty requests a minute, and the watches stay open', async () => {
  await pause(SETTLE_MS)
  const from = Date.now()
  await pause(WINDOW_MS)
  const requests = await requestsBetween(from, from + WINDOW_MS)
  const of = (role: string) =>
    requests.get(`system:serviceaccount:modelcache-system:modelcache-${role}`) ?? []
  expect(of('webhook').length, of('webhook').join()).toBeLessThanOrEqual(AT_MOST)
  // A leader and a follower.
  expect(of('controller').length, of('controller').join()).toBeLessThanOrEqual(2 * AT_MOST)
  expect(of('controller').length).toBeGreaterThan(0)
  for (const role of ['webhook', 'controller'])
    expect(of(role).filter(request => request.startsWith('watch '))).toEqual([])
}, 300_000)
