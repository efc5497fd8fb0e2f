import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

test('callers take turns one at a time, in the order of asking', async () => {
  const turns = createTurns()
  const order: string[] = []
  const use = async (name: string) => {
    using _turn = await turns.take(never)
    order.push(`${name} begins`)
    await Promise.resolve()
    order.push(`${name} ends`)
  }
  await Promise.all(['a', 'b', 'c'].map(use))
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('a caller that gives up while it waits holds nobody up, and the turn before it still lasts', async () => {
  const turns = createTurns()
  const first = await turns.take(never)
  const hurried = new AbortController()
  const second = turns.take(hurried.signal)
  let hasThird = false
  const third = turns.take(never).then(turn => {
    hasThird = true
    return turn
  })
  hurried.abort(new Error('too late'))
  await expect(second).rejects.toThrow('too late')
  expect(hasThird).toBe(false)
  first[Symbol.dispose]()
  await expect(third).resolves.toBeDefined()
})
