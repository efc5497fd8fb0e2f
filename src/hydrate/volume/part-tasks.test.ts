import { afterEach, describe, expect, test, vi } from 'vitest'
import { runPool } from '../fetch/pool.ts'
import { bySlowness } from './part.ts'
import { type PartTasks, partTasks } from './part-tasks.ts'
import { type PartedFile, WithoutRanges } from './parted-file.ts'
import { type Range, splitRanges } from './ranges.ts'

const PARTS: Range[] = [
  [0, 10],
  [10, 20],
  [20, 30],
  [30, 35],
]
const NEVER = new AbortController().signal

/** What is done with a file whose parts come like this. */
async function done(file: Partial<PartedFile> = {}, connections = 2): Promise<string[]> {
  const log: string[] = []
  const parted: PartedFile = {
    write: async ({ at, to }) => void log.push(`write ${at}-${to}`),
    finish: async () => ({ sha256: 'right', problem: undefined }),
    close: async () => void log.push('close'),
    ...file,
  }
  const tasks: PartTasks = {
    open: async () => {
      log.push('open')
      return parted
    },
    inOnePiece: async (_, wrong) => void log.push(`in one piece${wrong ? `, not ${wrong}` : ''}`),
    done: async sha256 => void log.push(`done ${sha256}`),
  }
  await runPool(partTasks(PARTS, tasks).tasks, connections, NEVER)
  return log
}

test('each part is written once, and the last one finishes the file', async () => {
  const log = await done()
  expect(log[0]).toBe('open')
  expect(log.slice(1, 5).toSorted()).toEqual(['write 0-10', 'write 10-20', 'write 20-30', 'write 30-35'])
  expect(log.slice(5)).toEqual(['close', 'done right'])
})

test('without ranges, those that run are ended first, and then the file comes in one piece', async () => {
  const ended: string[] = []
  const log = await done(
    {
      write: async ({ at: from }, signal) => {
        if (from === 10) throw new WithoutRanges('no')
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
        ended.push(`${from} has ended`)
        throw signal.reason
      },
    },
    3,
  )
  expect(ended).toEqual(['0 has ended', '20 has ended'])
  expect(log).toEqual(['open', 'close', 'in one piece'])
})

test('with a wrong hash, the file comes in one piece', async () => {
  const log = await done({ finish: async () => ({ sha256: 'wrong', problem: 'has another hash' }) })
  expect(log.slice(-2)).toEqual(['close', 'in one piece, not wrong'])
})

test('a part that fails is the failure of all', async () => {
  const write = async () => {
    throw new Error('broken')
  }
  await expect(done({ write })).rejects.toThrow('broken')
})

test('a file that only has to be hashed is finished', async () => {
  const log: string[] = []
  const file = {
    write: async () => {},
    finish: async () => ({ sha256: 'x', problem: undefined }),
    close: async () => {},
  }
  const tasks: PartTasks = {
    open: async () => file,
    inOnePiece: async () => {},
    done: async sha256 => void log.push(sha256),
  }
  await runPool(partTasks([], tasks).tasks, 2, NEVER)
  expect(log).toEqual(['x'])
})

describe('connections of different speeds, by a clock of their own', () => {
  afterEach(() => void vi.useRealTimers())

  const MIB = 2 ** 20
  const SIZE = 8_000 * MIB
  const TICK_MS = 10

  /** Seconds that a file takes over connections of these rates in MiB/s, and which bytes came. */
  async function simulated(rates: readonly number[], hasHelp = true) {
    vi.useFakeTimers()
    const free = [...rates]
    const came: Range[] = []
    const file: PartedFile = {
      async write(part) {
        const rate = free.shift() ?? 0
        const from = part.at
        while (part.at < part.to) {
          await new Promise(resolve => setTimeout(resolve, TICK_MS))
          part.at = Math.min(part.to, part.at + (rate * MIB * TICK_MS) / 1000)
        }
        came.push([from, part.to])
        free.push(rate)
      },
      finish: async () => ({ sha256: 'x', problem: undefined }),
      close: async () => {},
    }
    const work = partTasks(splitRanges([[0, SIZE]], 32 * MIB), {
      open: async () => file,
      inOnePiece: async () => {},
      done: async () => {},
      now: Date.now,
    })
    const help = () => {
      const [slowest] = work.slow().toSorted((one, other) => bySlowness(one, other, Date.now()))
      return slowest && work.help(slowest)
    }
    const began = Date.now()
    let isDone = false
    const all = runPool(work.tasks, rates.length, NEVER, hasHelp ? help : undefined).finally(() => {
      isDone = true
    })
    while (!isDone) await vi.advanceTimersByTimeAsync(TICK_MS)
    await all
    return { seconds: (Date.now() - began) / 1000, came: came.toSorted(([one], [other]) => one - other) }
  }

  test.each([
    ['all alike', Array.from({ length: 16 }, () => 20)],
    ['one that is slow', [...Array.from({ length: 15 }, () => 20), 2]],
    ['all different', [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]],
  ])('end at nearly the same time: %s', async (_, rates) => {
    const { seconds, came } = await simulated(rates)
    const ideal = SIZE / MIB / rates.reduce((sum, rate) => sum + rate, 0)
    expect(seconds / ideal).toBeLessThan(1.1)
    // Each byte came once.
    expect(came.at(0)?.[0]).toBe(0)
    expect(came.at(-1)?.[1]).toBe(SIZE)
    for (const [index, [from]] of came.entries()) if (index > 0) expect(from).toBe(came[index - 1]?.[1])
  })

  test('would wait for the slow one otherwise', async () => {
    const rates = [...Array.from({ length: 15 }, () => 20), 2]
    const [helped, alone] = [await simulated(rates), await simulated(rates, false)]
    expect(alone.seconds / helped.seconds).toBeGreaterThan(1.15)
  })
})
