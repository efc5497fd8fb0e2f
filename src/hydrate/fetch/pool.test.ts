import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runPool, type Task } from './pool.ts'

const NEVER = new AbortController().signal

test('so many tasks run at a time, in their order', async () => {
  const started: number[] = []
  let running = 0
  let most = 0
  const tasks = Array.from(
    { length: 20 },
    (_, index): Task =>
      async () => {
        started.push(index)
        most = Math.max(most, ++running)
        await sleep(1)
        running--
      },
  )
  await runPool(tasks, 4, NEVER)
  expect(started).toEqual(tasks.map((_, index) => index))
  expect(most).toBe(4)
})

test('the first failure ends the others, which may finish what they must', async () => {
  let noted = false
  let isLateStarted = false
  const tasks: Task[] = [
    async () => {
      throw new Error('broken')
    },
    async signal => {
      await sleep(60_000, undefined, { signal }).catch(() => {})
      noted = true
      signal.throwIfAborted()
    },
    async () => {
      isLateStarted = true
    },
  ]
  await expect(runPool(tasks, 2, NEVER)).rejects.toThrow('broken')
  expect([noted, isLateStarted]).toEqual([true, false])
})

test('a signal ends all of them', async () => {
  const stop = new AbortController()
  const task: Task = signal => sleep(60_000, undefined, { signal })
  setTimeout(() => stop.abort(new Error('stop')), 5)
  await expect(runPool([task, task, task], 2, stop.signal)).rejects.toThrow()
})

test('no tasks are no work', async () => {
  await runPool([], 4, NEVER)
})
