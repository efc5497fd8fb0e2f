import { expect, test } from 'vitest'
import { renewed } from './renewed.ts'

/** Gives numbers, each of them fresh for one round. */
function aToken() {
  let [given, round] = [0, 0]
  const token = renewed(async () => ({ number: ++given, round }), { isFresh: held => held.round === round })
  return { all: () => Promise.all([1, 2, 3].map(async () => (await token()).number)), next: () => round++ }
}

test('a token is asked for once by connections side by side, and again once it ends', async () => {
  const { all, next } = aToken()
  expect(await all()).toEqual([1, 1, 1])
  expect(await all()).toEqual([1, 1, 1])
  next()
  expect(await all()).toEqual([2, 2, 2])
})

test('a failure is told, and the next call asks again', async () => {
  let asked = 0
  const token = renewed(
    async () => {
      asked += 1
      if (asked === 1) throw new Error('not now')
      return asked
    },
    { isFresh: () => true },
  )
  await expect(token()).rejects.toThrow('not now')
  expect(await token()).toBe(2)
})
