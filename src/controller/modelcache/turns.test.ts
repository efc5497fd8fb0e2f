import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { jobName } from './objects/hydration-job.ts'
import { createTurns, type Limits } from './turns.ts'

const NOW = Date.parse('2031-05-04T03:00:00Z')

function aCluster(limits: Limits) {
  const stores = emptyStores()
  const { signal } = new AbortController()
  const turns = createTurns({ jobs: stores.HydrationJob, caches: stores.ModelCache, signal }, limits)
  /** A cache that was created that many seconds ago. */
  const cache = (name: string, age: number, namespace = 'one') => {
    const creationTimestamp = new Date(NOW - age * 1_000).toISOString()
    const made = aModelCache({ name, metadata: { namespace, uid: `uid-of-${name}`, creationTimestamp } })
    stores.ModelCache.upsert(made)
    return made
  }
  const job = (of: ReturnType<typeof cache>, given: { suspend?: boolean; ended?: boolean } = {}) =>
    stores.HydrationJob.upsert({
      metadata: {
        name: jobName(of, 'hydrate'),
        namespace: of.metadata.namespace,
        uid: `job-of-${of.metadata.name}`,
        ownerReferences: [
          { kind: 'ModelCache', name: of.metadata.name, uid: of.metadata.uid, controller: true },
        ],
      },
      spec: { suspend: given.suspend ?? false },
      status: { conditions: given.ended ? [{ type: 'Complete', status: 'True' }] : [] },
    })
  return { turns, cache, job, turn: (of: ReturnType<typeof cache>, at = NOW) => turns.turnOf(of, at) }
}

test('without a limit it is always the turn of each', () => {
  const { cache, turn } = aCluster({})
  for (const name of ['a', 'b', 'c']) expect(turn(cache(name, 1))).toBe('ours')
})

describe('with a limit', () => {
  test('only so many start, even before their Jobs are seen', () => {
    const { cache, turn } = aCluster({ cluster: 2 })
    const [a, b, c] = [cache('a', 3), cache('b', 2), cache('c', 1)]
    expect([turn(a), turn(b), turn(c)]).toEqual(['ours', 'ours', { position: 1, running: 2 }])
    expect(turn(a)).toBe('ours')
  })

  test('the next one starts when a hydration has ended', () => {
    const { cache, turn, job } = aCluster({ cluster: 1 })
    const [a, b] = [cache('a', 3), cache('b', 2)]
    turn(a)
    job(a)
    expect(turn(b)).toEqual({ position: 1, running: 1 })
    job(a, { ended: true })
    expect(turn(b)).toBe('ours')
  })

  test('a place that nobody takes is given to another one', () => {
    const { cache, turn } = aCluster({ cluster: 1 })
    const [a, b] = [cache('a', 3), cache('b', 2)]
    turn(a)
    expect(turn(b, NOW + 59_000)).not.toBe('ours')
    expect(turn(b, NOW + 61_000)).toBe('ours')
  })

  test('a Job that a queue has suspended takes no place', () => {
    const { cache, turn, job } = aCluster({ cluster: 1 })
    job(cache('a', 3), { suspend: true })
    expect(turn(cache('b', 2))).toBe('ours')
  })

  test('each namespace has its turn, and in it the oldest cache', () => {
    const { cache, turn, turns, job } = aCluster({ cluster: 1 })
    const running = cache('running', 9)
    job(running)
    const many = ['a', 'b', 'c'].map((name, index) => cache(name, 8 - index))
    const other = cache('other', 1, 'two')
    for (const each of [...many, other]) turn(each)
    const positions = [other, ...many].map(each => turn(each))
    expect(positions.map(each => typeof each === 'object' && each.position)).toEqual([1, 2, 3, 4])
    expect(turns.next(NOW)).toEqual([])
    job(running, { ended: true })
    expect(turns.next(NOW)).toEqual(many.slice(0, 1))
    expect(many.concat(other).map(each => turn(each))).toMatchObject([
      'ours',
      { position: 2 },
      { position: 3 },
      { position: 1 },
    ])
  })

  test('one that no longer asks holds nobody up', () => {
    const { cache, turn, turns, job } = aCluster({ cluster: 1 })
    const running = cache('running', 9)
    job(running)
    const [paused, patient] = [cache('paused', 3), cache('patient', 2)]
    turn(paused)
    expect(turn(patient)).toEqual({ position: 2, running: 1 })
    turns.forget(paused)
    job(running, { ended: true })
    expect(turn(patient)).toBe('ours')
  })

  test('a Job that is made, and is about to be resumed, has its place', () => {
    const { cache, turn, job } = aCluster({ cluster: 1 })
    const [a, b] = [cache('a', 3), cache('b', 2)]
    turn(a)
    job(a, { suspend: true })
    expect(turn(b)).not.toBe('ours')
    expect(turn(b, NOW + 61_000)).toBe('ours')
  })

  test('a namespace that has its share waits, and others do not', () => {
    const { cache, turn } = aCluster({ namespace: 1 })
    const [a, b, c] = [cache('a', 3), cache('b', 2), cache('c', 1, 'two')]
    expect([turn(a), turn(c)]).toEqual(['ours', 'ours'])
    expect(turn(b)).toMatchObject({ running: 2 })
  })
})
