import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBackground } from './background.ts'

test('so many things go on at a time, and settle waits for all of them', async () => {
  const background = createBackground(3)
  const seen = { running: 0, most: 0, done: 0 }
  for (let index = 0; index < 10; index++)
    await background.start(`${index}`, async () => {
      seen.running += 1
      seen.most = Math.max(seen.most, seen.running)
      await pause(5)
      seen.running -= 1
      seen.done += 1
    })
  await background.settle()
  expect(seen).toEqual({ running: 0, most: 3, done: 10 })
})

test('work with the same key goes one after the other', async () => {
  const background = createBackground(3)
  const order: string[] = []
  const work = (name: string, ms: number) => async () => {
    await pause(ms)
    order.push(name)
  }
  await background.start('file', work('first', 20))
  await background.start('file', work('second', 1))
  await background.settle()
  expect(order).toEqual(['first', 'second'])
})

test('the first failure is thrown by what comes next, and by settle', async () => {
  const background = createBackground(1)
  const fail = async () => {
    throw new Error('disk')
  }
  await background.start('one', fail)
  await expect(background.start('two', async () => {})).rejects.toThrow('disk')
  await expect(background.settle()).rejects.toThrow('disk')
})
