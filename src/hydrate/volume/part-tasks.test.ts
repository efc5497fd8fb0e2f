import { expect, test } from 'vitest'
import { runPool } from '../fetch/pool.ts'
import { type PartTasks, partTasks } from './part-tasks.ts'
import { type PartedFile, WithoutRanges } from './parted-file.ts'
import type { Range } from './ranges.ts'

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
    write: async ([from, to]) => void log.push(`write ${from}-${to}`),
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
  await runPool(partTasks(PARTS, tasks), connections, NEVER)
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
      write: async ([from], signal) => {
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
  await runPool(partTasks([], tasks), 2, NEVER)
  expect(log).toEqual(['x'])
})
