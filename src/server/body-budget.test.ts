import { beforeEach, describe, expect, test } from 'vitest'
import { type BodyAccount, createBodyBudget } from './body-budget.ts'

let budget: ReturnType<typeof createBodyBudget>
/** The bodies that had to go, in order. */
let cut: string[]

beforeEach(() => {
  budget = createBodyBudget(100)
  cut = []
})

function body(peer: string, name: string): BodyAccount {
  return { peer, bytes: 0, open: true, cut: () => cut.push(name) }
}

describe('a budget of 100 bytes', () => {
  test('holds what fits, counted again as it grows', () => {
    const one = body('a', 'one')
    expect([10, 60, 100].map(bytes => budget.hold(one, bytes))).toEqual([true, true, true])
    expect(cut).toEqual([])
  })

  test('lets go of the body that outgrows it', () => {
    expect(budget.hold(body('a', 'one'), 101)).toBe(false)
    expect(cut).toEqual(['one'])
  })

  test('takes from the peer that holds the most, its largest body first, until there is room', () => {
    for (const [name, bytes] of [
      ['a1', 20],
      ['a2', 30],
      ['a3', 25],
    ] as const)
      budget.hold(body('a', name), bytes)
    expect(budget.hold(body('b', 'b1'), 40)).toBe(true)
    expect(cut).toEqual(['a2'])
    expect(budget.hold(body('b', 'b2'), 40)).toBe(true)
    expect(cut).toEqual(['a2', 'b1'])
  })

  test('takes nothing back of a body that is there already', () => {
    const whole = body('a', 'whole')
    budget.hold(whole, 90)
    whole.open = false
    expect(budget.hold(body('b', 'next'), 20)).toBe(false)
    expect(cut).toEqual(['next'])
  })

  test('has room again for what was released, once', () => {
    const one = body('a', 'one')
    budget.hold(one, 90)
    budget.release(one)
    budget.release(one)
    expect(budget.hold(body('b', 'two'), 100)).toBe(true)
    expect(budget.hold(body('c', 'three'), 1)).toBe(true)
    expect(cut).toEqual(['two'])
  })
})
