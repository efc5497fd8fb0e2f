import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { silentLogger as logger } from './logger.fixtures.ts'
import { startWorkQueue, type WorkQueueOptions } from './work-queue.ts'

let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

/** A queue whose work lasts until the test ends it, with the keys that were worked on, in order. */
function start(more: Partial<WorkQueueOptions> = {}) {
  const worked: string[] = []
  const underWay: PromiseWithResolvers<void>[] = []
  const queue = startWorkQueue({
    reconcile: key => {
      worked.push(key)
      const work = Promise.withResolvers<void>()
      underWay.push(work)
      return work.promise
    },
    logger,
    signal: stop.signal,
    random: () => 0,
    ...more,
  })
  /** Ends the work in progress, and waits for what follows. */
  const settle = async (error?: Error) => {
    const work = underWay.shift()
    if (error) work?.reject(error)
    else work?.resolve()
    await vi.advanceTimersByTimeAsync(0)
  }
  return { queue, worked, settle }
}

test('works on one key at a time, in the order in which they were added', async () => {
  const { queue, worked, settle } = start()
  for (const key of ['a', 'b', 'c']) queue.add(key)
  expect(worked).toEqual(['a'])
  await settle()
  expect(worked).toEqual(['a', 'b'])
  await settle()
  expect(worked).toEqual(['a', 'b', 'c'])
})

test('works once on a key that is added often while it waits', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  for (let times = 0; times < 5; times++) queue.add('b')
  await settle()
  await settle()
  await settle()
  expect(worked).toEqual(['a', 'b'])
})

test('works again, once, on a key that is added while it is worked on', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  queue.add('a')
  queue.add('a')
  await settle()
  expect(worked).toEqual(['a', 'a'])
  await settle()
  expect(worked).toEqual(['a', 'a'])
})

test('takes keys again after it has been idle', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  await settle()
  queue.add('a')
  expect(worked).toEqual(['a', 'a'])
})

test('comes back to a key that failed after a wait that doubles, and holds nobody up meanwhile', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  queue.add('b')
  await settle(new Error('409'))
  expect(worked).toEqual(['a', 'b'])
  await settle()

  const waits: number[] = []
  for (let round = 0; round < 4; round++) {
    const began = Date.now()
    const before = worked.length
    while (worked.length === before) await vi.advanceTimersToNextTimerAsync()
    waits.push(Date.now() - began)
    await settle(new Error('409 again'))
  }
  const [first = 0] = waits
  expect(waits).toEqual([first, 2 * first, 4 * first, 8 * first])
  expect(first).toBeGreaterThan(0)
  expect(worked.slice(2)).toEqual(['a', 'a', 'a', 'a'])
})

test('forgets the failures of a key that succeeded', async () => {
  const { queue, worked, settle } = start()
  const firstWait = async () => {
    queue.add('a')
    await settle(new Error('503'))
    const began = Date.now()
    await vi.advanceTimersToNextTimerAsync()
    return Date.now() - began
  }
  const before = await firstWait()
  await settle()
  expect(await firstWait()).toBe(before)
  expect(worked).toHaveLength(4)
})

test('never waits for more than a minute', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  for (let attempt = 0; attempt < 20; attempt++) {
    await settle(new Error('503'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(worked).toHaveLength(attempt + 2)
  }
})

test('survives work that throws before it waits for anything', async () => {
  const worked: string[] = []
  const queue = startWorkQueue({
    reconcile: key => {
      worked.push(key)
      if (key === 'a') throw new Error('at once')
      return Promise.resolve()
    },
    logger,
    signal: stop.signal,
  })
  queue.add('a')
  queue.add('b')
  await vi.advanceTimersByTimeAsync(0)
  expect(worked).toEqual(['a', 'b'])
})

test('starts nothing more once the signal aborts: neither what waits, nor what is added, nor retries', async () => {
  const { queue, worked, settle } = start()
  queue.add('a')
  queue.add('b')
  stop.abort()
  await settle(new Error('cut off'))
  queue.add('c')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(worked).toEqual(['a'])
})

test('works on several keys side by side, but never on one twice at a time', async () => {
  const { queue, worked, settle } = start({ concurrency: 2 })
  for (const key of ['a', 'b', 'a', 'c']) queue.add(key)
  await vi.advanceTimersByTimeAsync(0)
  expect(worked).toEqual(['a', 'b'])
  expect(queue.waiting()).toBe(2)
  await settle()
  expect(worked).toEqual(['a', 'b', 'a'])
  await settle()
  expect(worked).toEqual(['a', 'b', 'a', 'c'])
})

test('ends a look that waits for nobody before another one begins', async () => {
  const seen: string[] = []
  const queue = startWorkQueue({
    reconcile: async key => {
      seen.push(`${key} begins`)
      for (let step = 0; step < 100; step++) await undefined
      seen.push(`${key} ends`)
    },
    concurrency: 2,
    logger,
    signal: stop.signal,
  })
  queue.add('a')
  queue.add('b')
  while (seen.length < 4) await vi.advanceTimersByTimeAsync(0)
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('comes back to a key after the time that its work asks for, or sooner when it is added', async () => {
  const worked: number[] = []
  const began = Date.now()
  const queue = startWorkQueue({
    reconcile: async () => {
      worked.push(Date.now() - began)
      return { againMs: worked.length < 3 ? 1_000 : undefined }
    },
    logger,
    signal: stop.signal,
  })
  queue.add('a')
  await vi.advanceTimersByTimeAsync(1_500)
  queue.add('a')
  await vi.advanceTimersByTimeAsync(10_000)
  // The look that was planned for 2,000 happened at 1,500.
  expect(worked).toEqual([0, 1_000, 1_500])
})

test('tells what came of each time', async () => {
  const results: string[] = []
  const answers = [() => Promise.reject(new Error('503')), async () => ({ againMs: 5 }), async () => {}]
  const queue = startWorkQueue({
    reconcile: () => answers.shift()?.() ?? Promise.resolve(),
    onWorked: result => results.push(result),
    logger,
    signal: stop.signal,
  })
  queue.add('a')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(results).toEqual(['failed', 'again', 'done'])
})
