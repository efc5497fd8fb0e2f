import { pino } from 'pino'
import { beforeEach, expect, test } from 'vitest'
import { ApiError } from './api-error.ts'
import { createRecorder, type EventInput } from './events.ts'

const POD = { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name: 'server', uid: 'one' }
const EVENT: EventInput = { type: 'Warning', reason: 'CacheReplaced', action: 'LiftGate', note: 'delete it' }

let events: Map<string, Record<string, unknown>>
let log: string[]
let failure: Error | undefined

beforeEach(() => {
  events = new Map()
  log = []
  failure = undefined
})

/** An API server that keeps Events. */
const rest = {
  async create(collection: string, body: object) {
    if (failure) throw failure
    const { metadata } = body as { metadata: { name: string } }
    const path = `${collection}/${metadata.name}`
    if (events.has(path)) throw new ApiError(409, 'AlreadyExists', 'it is there')
    events.set(path, body as Record<string, unknown>)
    return body
  },
  get: async (path: string) => events.get(path),
  async jsonMerge(path: string, body: object) {
    events.set(path, { ...events.get(path), ...body })
    return body
  },
}

const aRecorder = (clock = Date.now) =>
  createRecorder({
    rest,
    controller: 'example.com/controller',
    instance: 'replica-1',
    fieldManager: 'test',
    logger: pino({ level: 'info' }, { write: line => log.push(line) }),
    signal: new AbortController().signal,
    clock,
  })

test('an Event says who tells what of which object', async () => {
  await aRecorder().record(POD, EVENT)
  const [[path, event] = []] = events
  expect(path).toMatch(/^\/apis\/events\.k8s\.io\/v1\/namespaces\/team\/events\/server\.[0-9a-f]{16}$/)
  expect(event).toMatchObject({
    kind: 'Event',
    eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    reportingController: 'example.com/controller',
    reportingInstance: 'replica-1',
    regarding: POD,
    ...EVENT,
  })
})

test('what is told again becomes a series, also by another replica', async () => {
  for (let times = 0; times < 3; times++) await aRecorder().record(POD, EVENT)
  expect(events.size).toBe(1)
  expect([...events.values()][0]).toMatchObject({ series: { count: 3 } })
})

test('what was told within the last minute is not told again', async () => {
  let now = 0
  const recorder = aRecorder(() => now)
  await recorder.record(POD, EVENT)
  now = 59_999
  await recorder.record(POD, EVENT)
  expect([...events.values()][0]).not.toHaveProperty('series')
  now = 60_000
  await recorder.record(POD, EVENT)
  expect([...events.values()][0]).toMatchObject({ series: { count: 2 } })
})

test('another object, reason or note is another Event', async () => {
  const recorder = aRecorder()
  await recorder.record(POD, EVENT)
  await recorder.record({ ...POD, uid: 'another' }, EVENT)
  await recorder.record(POD, { ...EVENT, reason: 'Other' })
  await recorder.record(POD, { ...EVENT, note: 'wait' })
  expect(events.size).toBe(4)
})

test('names and notes of any length make an Event that Kubernetes takes', async () => {
  const name = `${'a'.repeat(229)}.${'b'.repeat(23)}`
  await aRecorder().record({ ...POD, name }, { ...EVENT, note: 'x'.repeat(5_000) })
  const [[path = '', event] = []] = events
  expect(path.split('/').at(-1)).toMatch(/^a{229}\.[0-9a-f]{16}$/)
  expect(event?.note).toHaveLength(1024)
})

test('one that cannot be written is said in the log, and nothing else, and may be told again', async () => {
  failure = new ApiError(403, 'Forbidden', 'namespace is being terminated')
  const recorder = aRecorder()
  await recorder.record(POD, EVENT)
  expect(log.join()).toContain('could not write an Event')
  failure = undefined
  await recorder.record(POD, EVENT)
  expect(events.size).toBe(1)
})
