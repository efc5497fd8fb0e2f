import { Agent } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from '../e2e/support/cluster.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import { httpGet } from '../testbed/http.ts'
import { freePort } from '../testbed/ports.ts'
import type { Role } from '../testbed/role.ts'
import { sendReview } from './support/send-review.ts'

const CONNECTIONS = 8
/** What we ask over a connection before its replica is told to stop, and again when the replica is gone. */
const REQUESTS = 20
/** Generous, so that a slow machine has time to notice. No assertion depends on it. */
const DRAIN_SECONDS = 4

interface Replica extends Role {
  readonly port: number
}

let own: OwnPlane
let leaving: Replica
let staying: Replica

beforeAll(async () => {
  own = await startOwnPlane()
  leaving = await anotherReplica()
  staying = await anotherReplica()
})
afterAll(async () => {
  await leaving?.kill()
  await staying?.kill()
  await own?.[Symbol.asyncDispose]()
})

async function anotherReplica(drain = ['--drain-seconds', `${DRAIN_SECONDS}`]): Promise<Replica> {
  const port = await freePort()
  const options = ['--port', `${port}`, ...drain]
  const role = await own.product.prepareReplica('webhook', { options })
  await role.start()
  return { ...role, port }
}

function terminate(replica: Replica): void {
  process.kill(replica.child()?.pid ?? 0, 'SIGTERM')
}

async function isReady({ healthUrl }: Replica): Promise<boolean> {
  return (await httpGet(`${healthUrl}/readyz`)).status === 200
}

/** One of the connections of an API server, and what happened to it. */
interface Lane {
  /** Requests answered, by port. */
  readonly answered: Map<number, number>
  /** How often an answer announced the end of its connection, by port. */
  readonly closed: Map<number, number>
  readonly failures: string[]
}

/**
 * Sends requests without a pause over kept connections, as an API server does through a Service: a connection
 * stays with its replica until an answer ends it, and the next one goes to `endpoint`.
 */
function startLanes(endpoint: () => number): { lanes: readonly Lane[]; stop(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })
  let over = false
  const lanes = Array.from({ length: CONNECTIONS }, (): Lane => {
    return { answered: new Map(), closed: new Map(), failures: [] }
  })
  const run = async (lane: Lane, index: number) => {
    let port = endpoint()
    for (let count = 0; !over; count++) {
      try {
        const ends = await ask(agent, port, `${index}-${count}`)
        increment(lane.answered, port)
        if (!ends) continue
        increment(lane.closed, port)
      } catch (error) {
        lane.failures.push(`port ${port}: ${error instanceof Error ? error.message : error}`)
      }
      port = endpoint()
    }
  }
  const ended = Promise.all(lanes.map(run))
  return {
    lanes,
    async stop() {
      over = true
      await ended
      agent.destroy()
    },
  }
}

function increment(counts: Map<number, number>, port: number): void {
  counts.set(port, (counts.get(port) ?? 0) + 1)
}

const allowed = z.object({
  response: z.object({ uid: z.string(), allowed: z.literal(true), patch: z.string() }),
})

/** Sends the review of a pod that asks for a Ready cache. Returns whether the answer ends the connection. */
async function ask(agent: Agent, port: number, uid: string): Promise<boolean> {
  const answer = await sendReview(port, { agent, uid, namespace: own.cluster.namespace })
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${answer.body}`)
  expect(allowed.parse(JSON.parse(answer.body)).response.uid).toBe(uid)
  return answer.ends
}

/** Whether its answers announce the end of the connection, as they do once it must stop. */
async function isDraining({ port }: Replica): Promise<boolean> {
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: true })
  try {
    return await ask(agent, port, 'drains')
  } finally {
    agent.destroy()
  }
}

test('of API servers that keep their connections busy, none sees a request fail when a replica is told to stop', async () => {
  let endpoint = leaving.port
  const { lanes, stop } = startLanes(() => endpoint)
  try {
    const each = async (what: string, has: (lane: Lane, index: number) => boolean) => {
      await eventually(what, async () => lanes.every(has) || undefined)
    }
    /** How many answers of the first replica have left the connection open. */
    const keptBy = ({ answered, closed }: Lane) =>
      (answered.get(leaving.port) ?? 0) - (closed.get(leaving.port) ?? 0)
    const answeredBy = (port: number) => (lane: Lane) => (lane.answered.get(port) ?? 0) >= REQUESTS
    await each('answers of the first replica', answeredBy(leaving.port))
    const process = leaving.child()
    terminate(leaving)
    await eventually('its word that it stops', async () => (await isDraining(leaving)) || undefined)
    // The Service does not know yet. Every answer ends its connection, and the next one goes to the same
    // replica and is served.
    const before = lanes.map(keptBy)
    const closed = lanes.map(lane => lane.closed.get(leaving.port) ?? 0)
    await each(
      'ends of its connections',
      (lane, index) => (lane.closed.get(leaving.port) ?? 0) >= (closed[index] ?? 0) + 3,
    )
    // One answer on each connection may have been on its way.
    for (const [index, lane] of lanes.entries())
      expect(keptBy(lane) - (before[index] ?? 0)).toBeLessThanOrEqual(1)
    endpoint = staying.port
    expect(await process?.ended).toBe('exit code 0')
    await each('answers of the other replica', answeredBy(staying.port))
  } finally {
    await stop()
  }
  expect(lanes.flatMap(({ failures }) => failures)).toEqual([])
  const total = (port: number) => lanes.reduce((sum, { answered }) => sum + (answered.get(port) ?? 0), 0)
  console.log(
    `${total(leaving.port)} requests answered by the one that left, ${total(staying.port)} by the other`,
  )
})

test('while all replicas are told to stop at once, those that end are asked until another is there, and no request fails', async () => {
  const patient = ['--drain-seconds', '60']
  const ending = [await anotherReplica(patient), await anotherReplica(patient)]
  const started = [...ending]
  const told = new Set<Replica>()
  let serving: Replica[] = ending
  /**
   * Chooses like kube-proxy among the ready replicas: one that is not ending, otherwise one that is. None
   * means a refused connection.
   */
  const choose = () => (serving.find(replica => !told.has(replica)) ?? serving[0])?.port ?? 1
  const look = async (replicas: readonly Replica[]) => {
    const ready = await Promise.all(replicas.map(isReady))
    serving = replicas.filter((_, index) => ready[index])
  }
  const { lanes, stop } = startLanes(choose)
  try {
    const each = (what: string, port: () => number) => {
      const before = lanes.map(lane => lane.answered.get(port()) ?? 0)
      return eventually(what, async () => {
        return (
          lanes.every((lane, index) => (lane.answered.get(port()) ?? 0) >= (before[index] ?? 0) + REQUESTS) ||
          undefined
        )
      })
    }
    for (const replica of ending) {
      terminate(replica)
      told.add(replica)
    }
    for (const replica of ending)
      await eventually('its word that it stops', async () => (await isDraining(replica)) || undefined)
    await look(ending)
    await each('answers of one that ends', choose)
    const next = await anotherReplica()
    await look([...ending, next])
    started.push(next)
    await each('answers of the one that came', () => next.port)
  } finally {
    await stop()
    for (const replica of started) await replica.kill()
  }
  expect(lanes.flatMap(({ failures }) => failures)).toEqual([])
})

test('a second SIGTERM ends a replica that drains at once', async () => {
  const process = staying.child()
  terminate(staying)
  await eventually('its word that it stops', async () => (await isDraining(staying)) || undefined)
  terminate(staying)
  expect(await process?.ended).toBe('exit code 1')
})
