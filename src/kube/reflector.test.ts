import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { type FakeApiServer, startFakeApiServer } from './api-server.fixtures.ts'
import { startReflector } from './reflector.ts'
import type { ReflectorTiming } from './reflector-timing.ts'
import { createStore } from './store.ts'

const LIST = 'GET /api/v1/namespaces'
const QUICK = { baseMs: 5, capMs: 20, shortWatchMs: 0, settleMs: 0 }

let server: FakeApiServer
let stop: AbortController

beforeEach(async () => {
  server = await startFakeApiServer()
  stop = new AbortController()
})

afterEach(async () => {
  stop.abort()
  await server[Symbol.asyncDispose]()
})

test('lists page by page, then follows additions, changes and deletions', async () => {
  for (let i = 0; i < 1001; i += 1) put(`n${i}`)
  const { reflector, store } = start()
  await reflector.whenSynced
  expect(store.size()).toBe(1001)
  expect(server.requests.slice(0, 3)).toEqual([LIST, LIST, LIST])

  put('late')
  put('n0', { phase: 'Terminating' })
  server.delete(KINDS.Namespace, undefined, 'n1')
  await until(() => expect(store.get(undefined, 'n1')).toBeUndefined())
  expect(store.get(undefined, 'late')).toBeDefined()
  expect(store.get(undefined, 'n0')?.status?.phase).toBe('Terminating')
  expect(reflector.stats).toMatchObject({ lists: 1, watches: 1, restarts: 0, errors: 0 })
})

test('asks for bookmarks and goes on from the last one', async () => {
  put('a')
  const { reflector } = await startWatching()
  server.bookmark()
  server.endWatches()
  await until(() => expect(server.watchQueries).toHaveLength(2))
  const [first, second] = server.watchQueries
  expect(first?.get('allowWatchBookmarks')).toBe('true')
  expect(first?.get('timeoutSeconds')).toBe('21')
  expect(first?.get('resourceVersion')).toBe('2')
  expect(second?.get('resourceVersion')).toBe('3')
  expect(reflector.stats).toMatchObject({ lists: 1, errors: 0, restarts: 1 })
})

test.each(['endWatches', 'cutWatches'] as const)(
  'after %s it goes on where it was, without a new list',
  async how => {
    put('a')
    const { reflector, store } = await startWatching()
    server[how]()
    put('b')
    await until(() => expect(store.size()).toBe(2))
    expect(reflector.synced()).toBe(true)
    expect(reflector.stats).toMatchObject({ lists: 1, restarts: 1 })
  },
)

test.each(['status', 'event'] as const)(
  'an expired version (410 as %s) leads to a new list that tells missed deletions',
  async how => {
    put('a')
    put('b')
    const { reflector, store } = await startWatching()
    const seen: string[] = []
    store.onChange(change => seen.push(`${change.type} ${change.object.metadata.name}`))
    const { release } = server.hold()
    server.endWatches()
    server.compact(how)
    await until(() => expect(reflector.stats.lists).toBe(2))
    expect(reflector.synced()).toBe(true)
    expect(store.size()).toBe(2)
    server.delete(KINDS.Namespace, undefined, 'a')
    put('c')
    release()
    await until(() => expect(seen).toEqual(['added c', 'deleted a']))
    expect(reflector.stats.errors).toBe(0)
  },
)

test('lists that fail are tried again until one succeeds', async () => {
  put('a')
  server.failNext(3, { on: 'list', how: 500 })
  const { reflector, store } = start()
  expect(reflector.synced()).toBe(false)
  await reflector.whenSynced
  expect(store.size()).toBe(1)
  expect(reflector.stats).toMatchObject({ lists: 4, errors: 3 })
})

test('watches that are denied are tried again from the same version', async () => {
  put('a')
  server.failNext(2, { on: 'watch', how: 503 })
  const { reflector } = await startWatching()
  expect(reflector.stats).toMatchObject({ lists: 1, errors: 2, watches: 3, restarts: 2 })
})

test('a version that the server keeps denying is given up for a new list', async () => {
  server.failNext(3, { on: 'watch', how: 504 })
  const { reflector } = await startWatching()
  expect(reflector.stats).toMatchObject({ lists: 2, errors: 3, watches: 4 })
})

test('a server that has gone back to an older state is listed again, though it would take the watch', async () => {
  put('a')
  const { reflector, store } = await startWatching()
  const backup = server.snapshot()
  put('b')
  await until(() => expect(store.size()).toBe(2))
  backup.restore()
  server.cutWatches()
  await until(() => expect(store.size()).toBe(1))
  expect(reflector.stats.lists).toBe(2)

  // A watch from there would send this only after the server reaches the old version again.
  await until(() => expect(server.openWatches()).toBe(1))
  put('c')
  await until(() => expect(store.size()).toBe(2))
  expect(store.get(undefined, 'b')).toBeUndefined()
})

test('a watch that falls silent, or never answers, is opened again', async () => {
  server.failNext(1, { on: 'watch', how: 'mute' })
  const { reflector, store } = start({ stallMs: 100 })
  await until(() => expect(reflector.stats.stalls).toBeGreaterThanOrEqual(2))
  put('a')
  await until(() => expect(store.size()).toBe(1))
  expect(reflector.stats).toMatchObject({ lists: 1, errors: 0 })
})

test('after a watch has stalled no call is sent over a connection from before', async () => {
  const forgotten = vi.spyOn(server.config, 'forgetConnections')
  await startWatching()
  forgotten.mockClear()
  const { reflector } = start({ stallMs: 100 })
  await until(() => expect(reflector.stats.stalls).toBeGreaterThanOrEqual(1))
  expect(forgotten).toHaveBeenCalled()
})

test('is in doubt from when a watch breaks until another is open, not between watches that end in order', async () => {
  const { reflector } = start({ baseMs: 5, capMs: 5 })
  expect(reflector.inDoubt()).toBe(true)
  await until(() => expect(reflector.inDoubt()).toBe(false))

  server.failNext(1, { on: 'watch', how: 'mute' })
  server.endWatches()
  await until(() => expect(reflector.stats.watches).toBe(2))
  expect(reflector.inDoubt()).toBe(false)
})

test('is in doubt while no watch can be opened', async () => {
  const { reflector } = await startWatching()
  const { release } = server.hold()
  server.cutWatches()
  await until(() => expect(reflector.stats.errors).toBe(1))
  expect(reflector.inDoubt()).toBe(true)
  release()
  await until(() => expect(reflector.inDoubt()).toBe(false))
})

test('is in doubt until a new watch has had the time to tell what the broken one has missed', async () => {
  const { reflector } = start({ settleMs: 1 })
  await until(() => expect(server.openWatches()).toBe(1))
  // The clock of these tests stands still.
  await until(() => expect(reflector.stats.lastEventAt).toBe(42))
  expect(reflector.inDoubt()).toBe(true)
})

test('a watch that is closed at once, again and again, waits between attempts', async () => {
  const waits: number[] = []
  const { reflector } = start(
    { shortWatchMs: 1_000 },
    {
      warn: (fields: { failures?: number }) => waits.push(fields.failures ?? 0),
    },
  )
  for (let i = 1; i <= 3; i += 1) {
    await until(() => expect(server.openWatches()).toBe(1))
    server.endWatches()
    await until(() => expect(reflector.stats.errors).toBe(i))
  }
  expect(waits).toEqual([1, 2, 3])
})

test('a line that is no event ends the watch but not the reflector', async () => {
  const { reflector, store } = await startWatching()
  server.sendLine('{"type":"ADD')
  await until(() => expect(reflector.stats.errors).toBe(1))
  put('a')
  await until(() => expect(store.size()).toBe(1))
})

test('an object that cannot be read is passed over', async () => {
  const { reflector, store } = await startWatching()
  server.put(KINDS.Namespace, { metadata: { name: 'odd' }, status: 'odd' })
  put('a')
  await until(() => expect(store.size()).toBe(1))
  expect(store.malformed()).toBe(1)
  expect(reflector.stats.errors).toBe(0)
})

test('an abort ends it for good and without noise', async () => {
  const log: unknown[] = []
  const { reflector } = start({}, { warn: line => log.push(line), error: line => log.push(line) })
  await until(() => expect(server.openWatches()).toBe(1))
  stop.abort()
  await reflector.ended
  const before = server.requests.length
  await until(() => expect(server.openWatches()).toBe(0))
  put('a')
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(server.requests).toHaveLength(before)
  expect(log).toEqual([])
  expect(reflector.synced()).toBe(true)
})

test.each(['list', 'watch'] as const)('an abort while a %s is unanswered ends it', async on => {
  server.failNext(1, { on, how: 'mute' })
  const { reflector } = start()
  await until(() => expect(server.requests).toHaveLength(on === 'list' ? 1 : 2))
  stop.abort(new Error('shutting down'))
  await reflector.ended
  if (on === 'list') await expect(reflector.whenSynced).rejects.toThrow('shutting down')
})

test('an abort during the wait after a failure ends it', async () => {
  server.failNext(1, { on: 'list', how: 500 })
  const { reflector } = start({ baseMs: 3_600_000, capMs: 3_600_000 })
  await until(() => expect(reflector.stats.errors).toBe(1))
  stop.abort()
  await reflector.ended
  expect(server.requests).toHaveLength(1)
})

test('an optional kind that the server lacks is empty, no error, and found once it is there', async () => {
  put('a')
  server.failNext(2, { on: 'list', how: 404 })
  const { reflector, store } = start({ absentMs: 5 }, {}, { ...KINDS.Namespace, optional: true })
  await reflector.whenSynced
  expect(store.size()).toBe(0)
  expect(reflector.inDoubt()).toBe(false)
  await until(() => expect(store.size()).toBe(1))
  expect(reflector.stats.errors).toBe(0)
})

test('a kind that is not optional must be there', async () => {
  put('a')
  server.failNext(1, { on: 'list', how: 404 })
  const { reflector, store } = start()
  await reflector.whenSynced
  expect(store.size()).toBe(1)
  expect(reflector.stats.errors).toBe(1)
})

test('a kind with a label selector is listed and watched by it', async () => {
  start({}, {}, { ...KINDS.Namespace, labelSelector: 'team=ml' })
  await until(() => expect(server.openWatches()).toBe(1))
  for (const [query] of [server.listQueries, server.watchQueries]) {
    expect(query?.get('labelSelector')).toBe('team=ml')
  }
})

test('a list may be compressed', async () => {
  await start().reflector.whenSynced
  expect(server.listEncodings).toEqual([expect.stringContaining('gzip')])
})

function put(name: string, status?: object): void {
  server.put(KINDS.Namespace, { metadata: { name }, ...(status === undefined ? {} : { status }) })
}

type LogHook = (fields: { failures?: number }) => void

function start(
  timing: Partial<ReflectorTiming> = {},
  hooks: { warn?: LogHook; error?: LogHook } = {},
  resource = KINDS.Namespace,
) {
  const logger = pino({
    level: 'warn',
    hooks: {
      logMethod(args, _method, level) {
        const fields = Object(args[0])
        if (level === 40) hooks.warn?.(fields)
        if (level === 50) hooks.error?.(fields)
      },
    },
  })
  const store = createStore({ resource, logger })
  const reflector = startReflector({
    resource,
    config: server.config,
    store,
    logger,
    signal: stop.signal,
    timing: { ...QUICK, ...timing },
    clock: () => 42,
    random: () => 0.5,
  })
  return { reflector, store }
}

async function startWatching() {
  const started = start()
  await until(() => expect(server.openWatches()).toBe(1))
  return started
}

async function until(condition: () => void): Promise<void> {
  await vi.waitFor(condition, { timeout: 10_000, interval: 5 })
}
