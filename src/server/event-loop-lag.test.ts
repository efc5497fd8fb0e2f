import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EventLoopLag, watchEventLoop } from './event-loop-lag.ts'

const TURN_MS = 20

describe('by a clock of the test', () => {
  let nowMs: number
  let lag: EventLoopLag

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    nowMs = 5_000
    lag = watchEventLoop(() => nowMs)
  })

  afterEach(() => {
    lag.stop()
    vi.useRealTimers()
  })

  /** The timer is this many milliseconds late. */
  function turn(lateMs = 0): void {
    nowMs += TURN_MS + lateMs
    vi.advanceTimersByTime(TURN_MS)
  }

  test('a loop that turns in time has no lag', () => {
    expect(lag.ms()).toBe(0)
    turn()
    expect(lag.ms()).toBe(0)
    nowMs += TURN_MS - 1
    expect(lag.ms()).toBe(0)
  })

  test('a long turn shows while it lasts, before any timer has come', () => {
    turn()
    nowMs += TURN_MS + 1_000
    expect(lag.ms()).toBe(1_000)
    nowMs += 500
    expect(lag.ms()).toBe(1_500)
  })

  test('what was read after a long turn is told of it for one turn more', () => {
    turn(1_000)
    expect(lag.ms()).toBe(1_000)
    nowMs += TURN_MS - 1
    expect(lag.ms()).toBe(1_000)
    nowMs += 1
    vi.advanceTimersByTime(TURN_MS)
    expect(lag.ms()).toBe(0)
  })

  test('of two long turns the longer one counts', () => {
    turn(300)
    nowMs += TURN_MS + 200
    expect(lag.ms()).toBe(300)
    nowMs += 200
    expect(lag.ms()).toBe(400)
  })

  test('once stopped it has no timer', () => {
    expect(vi.getTimerCount()).toBe(1)
    lag.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('by the real clock', () => {
  test('a turn that is blocked shows in what comes right after it', async () => {
    const lag = watchEventLoop()
    const seen: number[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    setImmediate(() => {
      const end = performance.now() + 200
      while (performance.now() < end);
      seen.push(lag.ms())
      setImmediate(() => resolve(void seen.push(lag.ms())))
    })
    await promise
    lag.stop()
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(200 - TURN_MS)
  })

  test('it does not keep the process', async () => {
    const module = new URL('./event-loop-lag.ts', import.meta.url).href
    const script = `const { watchEventLoop } = await import('${module}'); watchEventLoop(); console.log('watching')`
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: 20_000,
    })
    expect(stdout).toBe('watching\n')
  }, 30_000)
})
