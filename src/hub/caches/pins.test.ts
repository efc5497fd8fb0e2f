import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { REFETCH } from '../../api/names.ts'
import { type Candidate, choiceFor } from './pins.ts'

const branch = (refetch?: string) =>
  aModelCache({
    spec: { artifact: { source: { huggingFace: { repo: 'a/b', revision: 'main' } } } },
    metadata: refetch ? { annotations: { [REFETCH]: refetch } } : {},
  })
const found = (name: string, refetch?: string) => ({ name, refetch })
const candidate = (cluster: string, given: Partial<Candidate> = {}): Candidate => ({
  ...{ cluster, isOwn: false, isStuck: false, isUnheard: false, pin: undefined, revision: undefined },
  ...given,
})

function choices(candidates: readonly Candidate[], cache = branch()) {
  return Object.fromEntries(
    candidates.map(({ cluster }) => {
      const choice = choiceFor(cache, candidates, cluster)
      return [cluster, 'waitsFor' in choice ? `waits for ${choice.waitsFor}` : (choice.pin ?? 'free')]
    }),
  )
}

describe('a branch is resolved once:', () => {
  test('the first cluster finds the commit, and the others wait', () => {
    expect(choices([candidate('a'), candidate('b')])).toEqual({ a: 'free', b: 'waits for a' })
  })

  test('once it is found, all others get it', () => {
    const a = candidate('a', { revision: found('c1') })
    expect(choices([a, candidate('b'), candidate('c')])).toEqual({ a: 'free', b: 'c1', c: 'c1' })
  })

  test('the cluster of the hub comes first, because nobody else writes its ModelCache', () => {
    const own = candidate('z', { isOwn: true })
    expect(choices([candidate('a', { revision: found('c0') }), own])).toEqual({ a: 'waits for z', z: 'free' })
  })

  test('another one takes over if the first is silent or has failed', () => {
    const a = candidate('a', { isStuck: true })
    expect(choices([a, candidate('b'), candidate('c')])).toEqual({
      ...{ a: 'waits for b', b: 'free', c: 'waits for b' },
    })
    const b = candidate('b', { revision: found('c1') })
    expect(choices([a, b, candidate('c')])).toEqual({ a: 'c1', b: 'free', c: 'c1' })
  })

  test('a cluster that has found the same is left alone', () => {
    const both = ['a', 'b'].map(name => candidate(name, { revision: found('c1') }))
    expect(choices(both)).toEqual({ a: 'free', b: 'free' })
  })

  test('one with another find follows the first', () => {
    const b = candidate('b', { revision: found('c2') })
    expect(choices([candidate('a', { revision: found('c1') }), b])).toEqual({ a: 'free', b: 'c1' })
  })

  test('a look that is asked for comes from the same cluster again, and the others keep what they have', () => {
    const a = candidate('a', { pin: 'c1', revision: found('c1', 'monday') })
    const before = candidate('b', { revision: found('c1', 'monday') })
    expect(choices([a, before], branch('tuesday'))).toEqual({ a: 'waits for b', b: 'free' })
    const after = candidate('b', { revision: found('c2', 'tuesday') })
    expect(choices([a, after], branch('tuesday'))).toEqual({ a: 'c2', b: 'free' })
    // Whoever takes the annotation away asks for nothing.
    expect(choices([a, after])).toEqual({ a: 'c2', b: 'free' })
  })

  test('a new first cluster is found when that one leaves', () => {
    const pinned = ['a', 'b'].map(name => candidate(name, { pin: 'c1', revision: found('c1') }))
    expect(choices(pinned)).toEqual({ a: 'free', b: 'c1' })
  })

  test('nobody is chosen before all are heard', () => {
    const b = candidate('b', { pin: 'c1', revision: found('c1') })
    expect(choices([candidate('a', { isUnheard: true }), b])).toEqual({ a: 'waits for a', b: 'waits for a' })
  })

  test('each finds it where all are silent', () => {
    expect(choices(['a', 'b'].map(name => candidate(name, { isStuck: true })))).toEqual({
      ...{ a: 'free', b: 'free' },
    })
  })
})

test('a commit needs no choice, and neither does a single cluster', () => {
  expect(choices([candidate('a'), candidate('b')], aModelCache())).toEqual({ a: 'free', b: 'free' })
  expect(choices([candidate('a')])).toEqual({ a: 'free' })
})
