import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../e2e/support/cluster.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import { httpGet } from '../testbed/http.ts'
import { freePort } from '../testbed/ports.ts'
import type { Role } from '../testbed/role.ts'
import { sendReview } from './support/send-review.ts'

// A replica of the webhook in two processes, which drains, reports and ends as one.

const REVIEWS = 40

interface Replica extends Role {
  readonly port: number
}

let own: OwnPlane
let replica: Replica

beforeAll(async () => {
  own = await startOwnPlane()
})
afterEach(() => replica?.kill())
afterAll(() => own?.[Symbol.asyncDispose]())

async function startReplica(): Promise<Replica> {
  const port = await freePort()
  const options = ['--port', `${port}`, '--workers', '2', '--drain-seconds', '4']
  const role = await own.product.prepareReplica('webhook', { options })
  replica = { ...role, port }
  await role.start()
  return replica
}

async function review({ port }: Replica, uid: string): Promise<unknown> {
  const { body } = await sendReview(port, { uid, namespace: own.cluster.namespace })
  return JSON.parse(body)
}

/** All log lines with this message. */
async function logged({ logPath }: Replica, msg: string): Promise<{ worker?: number; pid?: number }[]> {
  const lines = (await readFile(logPath, 'utf8')).split('\n').filter(line => line.startsWith('{'))
  return lines.map(line => JSON.parse(line)).filter(line => line.msg === msg)
}

/** Waits until the first process and both workers have said that they stop. */
async function untilAllStop(started: Replica): Promise<void> {
  await eventually(
    'the word of all that they stop',
    async () => (await logged(started, 'stopping')).length === 3 || undefined,
  )
}

/** The process ids of the workers. */
async function workersOf(role: Replica): Promise<number[]> {
  const { pid } = role.child() ?? {}
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

test('both workers answer, and their metrics are those of one', async () => {
  const started = await startReplica()
  for (let count = 0; count < REVIEWS; count++)
    expect(await review(started, `pod-${count}`)).toMatchObject({
      response: { uid: `pod-${count}`, allowed: true, patchType: 'JSONPatch' },
    })
  const workers = await eventually('the lines of both', async () => {
    const lines = await logged(started, 'reviewed')
    return lines.length === REVIEWS ? new Set(lines.map(({ worker }) => worker)) : undefined
  })
  expect([...workers].toSorted()).toEqual([1, 2])
  const { body } = await httpGet(`${started.healthUrl}/metrics`)
  const answered = /^modelcache_admission_reviews_total\{.*verdict="allowed".*\} (\d+)$/m.exec(body)?.[1]
  expect(answered).toBe(`${REVIEWS}`)
  // Each of them holds the same objects.
  expect(body).toMatch(/^modelcache_watch_objects\{kind="modelcaches"\} 1$/m)
})

test('both drain when the first process is told to stop, and it ends after them', async () => {
  const started = await startReplica()
  const child = started.child()
  process.kill(child?.pid ?? 0, 'SIGTERM')
  await untilAllStop(started)
  // The Service may not know yet.
  expect(await review(started, 'late')).toMatchObject({ response: { uid: 'late', allowed: true } })
  expect(await child?.ended).toBe('exit code 0')
})

test('a second SIGTERM ends all of them at once', async () => {
  const started = await startReplica()
  const child = started.child()
  const workers = await workersOf(started)
  expect(workers).toHaveLength(2)
  process.kill(child?.pid ?? 0, 'SIGTERM')
  await untilAllStop(started)
  process.kill(child?.pid ?? 0, 'SIGTERM')
  expect(await child?.ended).toBe('exit code 1')
  await eventually('the end of both', async () => !workers.some(isAlive) || undefined)
})

test('a worker that is gone ends the replica, which kubelet starts again', async () => {
  const started = await startReplica()
  const child = started.child()
  const [first = 0] = await workersOf(started)
  process.kill(first, 'SIGKILL')
  expect(await child?.ended).toBe('exit code 1')
  expect(await logged(started, 'a worker has ended, so all of them end')).toHaveLength(1)
})

test('a worker whose event loop is stuck makes the replica neither alive nor ready', async () => {
  const started = await startReplica()
  const [first = 0] = await workersOf(started)
  process.kill(first, 'SIGSTOP')
  try {
    expect((await httpGet(`${started.healthUrl}/healthz`)).status).toBe(503)
    const ready = await httpGet(`${started.healthUrl}/readyz`)
    expect(ready).toMatchObject({ status: 503, body: expect.stringMatching(/^worker \d does not answer\n$/) })
  } finally {
    process.kill(first, 'SIGCONT')
  }
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
