import { beforeEach, expect, test } from 'vitest'
import { type Cohorts, createCohorts } from './cohorts.ts'

let cohorts: Cohorts
let done: string[]

beforeEach(() => {
  cohorts = createCohorts()
  done = []
})

/** A request with three steps. */
function arrive(name: string, bytes = 100): void {
  cohorts.join(bytes, () => {
    done.push(`parse ${name}`)
    cohorts.next(() => {
      done.push(`decide ${name}`)
      cohorts.next(() => done.push(`answer ${name}`))
    })
  })
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('requests of one turn do each step together', async () => {
  arrive('a')
  arrive('b')
  expect(done).toEqual([])
  await turn()
  expect(done).toEqual(['parse a', 'parse b', 'decide a', 'decide b', 'answer a', 'answer b'])
})

test('a request that comes while others are at work does not begin before they have ended', async () => {
  cohorts.join(100, () => {
    arrive('b', 1_000_000)
    cohorts.next(() => done.push('answer a'))
  })
  await turn()
  await turn()
  expect(done).toEqual(['answer a', 'parse b', 'decide b', 'answer b'])
})

test.each([
  ['16 requests', 16, 100],
  ['bodies of 256 KiB', 4, 64 * 1024],
])('a cohort has at most %s, so that parsed bodies never fill the memory', (_, count, bytes) => {
  for (let index = 0; index < count; index++) arrive(`${index}`, bytes)
  expect(done.slice(0, count).every(step => step.startsWith('parse'))).toBe(true)
  expect(done).toHaveLength(3 * count)
})

test('a step after a live read runs at once', () => {
  cohorts.next(() => done.push('answer'))
  expect(done).toEqual(['answer'])
})

test('after a step that throws, others still run', async () => {
  const fails = () => {
    throw new Error('a fault')
  }
  expect(() => cohorts.join(1_000_000, fails)).toThrow('a fault')
  arrive('b')
  await turn()
  expect(done).toEqual(['parse b', 'decide b', 'answer b'])
})
