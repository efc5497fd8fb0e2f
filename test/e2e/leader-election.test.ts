import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { httpGet } from '../testbed/http.ts'
import type { Role } from '../testbed/role.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { claim, modelCache, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// Two replicas of the controller, with the shipped rights, on their own control plane, because the test stops
// them. The tests build on one another: each starts with the leader of the one before.
let own: OwnPlane
let cluster: Cluster
let replicas: Role[]

beforeAll(async () => {
  own = await startOwnPlane()
  cluster = own.cluster
  const second = await own.product.prepareReplica()
  replicas = [own.product.controller, second]
  // Resolves when it is ready, which shows that readiness does not wait for leadership.
  await second.start()
})
afterAll(async () => {
  await Promise.all((replicas ?? []).map(replica => replica.stop()))
  await own?.[Symbol.asyncDispose]()
})

const lease = z.looseObject({
  spec: z.looseObject({
    holderIdentity: z.string(),
    leaseDurationSeconds: z.number(),
    acquireTime: z.string(),
    renewTime: z.string(),
    leaseTransitions: z.number(),
  }),
})

async function readLease() {
  const { stdout, stderr } = await cluster.kubectl([
    ...['get', 'lease/modelcache-controller', '--namespace', 'modelcache-system', '-o', 'json'],
  ])
  expect(stdout, stderr).not.toBe('')
  return lease.parse(JSON.parse(stdout)).spec
}

/** What a replica shows in its metrics; undefined if it does not run. */
async function gaugeOf({ healthUrl }: Role): Promise<string | undefined> {
  const answer = await httpGet(`${healthUrl}/metrics`).catch(() => undefined)
  return /^modelcache_leader (\d)$/m.exec(answer?.body ?? '')?.[1]
}

/** The leader, and the other replica. */
function leaderAndOther(): Promise<[Role, Role]> {
  return eventually('one leader', async () => {
    const gauges = await Promise.all(replicas.map(gaugeOf))
    expect(gauges.filter(gauge => gauge === '1').length).toBeLessThanOrEqual(1)
    const leader = replicas[gauges.indexOf('1')]
    const other = replicas[1 - gauges.indexOf('1')]
    return leader && other && [leader, other]
  })
}

const entry = z.looseObject({ time: z.number(), msg: z.string(), identity: z.string().optional() })

/** Everything that a replica has logged since its first start, the oldest first. */
async function logOf({ logPath }: Role) {
  const lines = (await readFile(logPath, 'utf8')).split('\n').filter(line => line.startsWith('{'))
  return lines.map(line => entry.parse(JSON.parse(line)))
}

async function logged(replica: Role, msg: string): Promise<number> {
  return (await logOf(replica)).filter(line => line.msg === msg).length
}

/** Waits for more lines than `known`: a process collects lines before it writes them. */
async function untilLogged(replica: Role, msg: string, known = 0): Promise<void> {
  await eventually(`a line '${msg}'`, async () => (await logged(replica, msg)) > known || undefined)
}

/** Creates a ModelCache, and resolves when somebody has written its status. */
async function untilServed(name: string): Promise<void> {
  const storage = { backend: 'ExistingPVC', existingPVC: { name } }
  await cluster.need(claim(name, ['ReadWriteMany']), modelCache(name, soundSpec({ artifact: {}, storage })))
  await eventually(`the status of ${name}`, async () => {
    const { stdout } = await cluster.kubectl(['get', `modelcache/${name}`, '-o', 'jsonpath={.status.phase}'])
    return stdout === 'Pending' ? true : undefined
  })
}

test('of two replicas that are ready, one holds the Lease, renews it, and writes', async () => {
  const [leader, other] = await leaderAndOther()
  for (const { healthUrl } of replicas) expect((await httpGet(`${healthUrl}/readyz`)).status).toBe(200)
  const before = await readLease()
  // As installed it has no holder, and then it has its first.
  expect(before).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 1 })
  expect((await logOf(leader)).find(({ msg }) => msg === 'leading')?.identity).toBe(before.holderIdentity)

  await untilServed('first')
  await untilLogged(leader, 'status applied')
  expect(await logged(other, 'status applied')).toBe(0)

  const renewed = await eventually('a renewal', async () => {
    const now = await readLease()
    return now.renewTime === before.renewTime ? undefined : now
  })
  expect(renewed).toEqual({ ...before, renewTime: renewed.renewTime })
})

test('a leader that is told to stop releases the Lease, and the other writes', async () => {
  const [leader, other] = await leaderAndOther()
  const before = await readLease()
  await leader.stop()
  expect(await logged(leader, 'released the Lease')).toBe(1)

  await untilServed('second')
  await untilLogged(other, 'status applied')
  const after = await readLease()
  expect(after.holderIdentity).not.toBe(before.holderIdentity)
  expect(after).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: before.leaseTransitions + 1 })
  await leader.start()
})

test('a leader that is killed releases nothing, and the other writes once the Lease has run out', async () => {
  const [leader, other] = await leaderAndOther()
  const before = await readLease()
  const written = await logged(other, 'status applied')
  await leader.kill()
  expect(await readLease()).toMatchObject({
    holderIdentity: before.holderIdentity,
    leaseTransitions: before.leaseTransitions,
  })

  await untilServed('third')
  await untilLogged(other, 'status applied', written)
  const after = await readLease()
  expect(after.holderIdentity).not.toBe(before.holderIdentity)
  expect(after).toMatchObject({ leaseTransitions: before.leaseTransitions + 1 })
})

test('there was no moment with two leaders', async () => {
  const lines = (await Promise.all(replicas.map(logOf))).flat().toSorted((a, b) => a.time - b.time)
  const events = lines.filter(({ msg }) => msg === 'leading' || msg === 'no longer leading')
  // The second one was killed, so it could not log that it stopped leading.
  expect(events.map(({ msg }) => msg)).toEqual(['leading', 'no longer leading', 'leading', 'leading'])
  const [first, ended, second, third] = events.map(({ identity }) => identity)
  expect(ended).toBe(first)
  expect(new Set([first, second, third]).size).toBe(3)
})
