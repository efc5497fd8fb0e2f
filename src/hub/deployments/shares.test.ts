import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, type CandidateState, evenShares, nextShares } from './shares.ts'

/** `east:2/1` has a share of two, and one of them serves. */
function candidates(text: string): Candidate[] {
  return text.split(' ').map(part => {
    const [, cluster = '', share, serving = share, state = 'open'] =
      /^(\w+):(\d+)(?:\/(\d+))?(?:=(\w+))?$/.exec(part) ?? []
    return { cluster, share: Number(share), serving: Number(serving), state: state as CandidateState }
  })
}
const words = (shares: ReadonlyMap<string, number>) =>
  [...shares].map(([cluster, share]) => `${cluster}:${share}`).join(' ')

describe('an even split', () => {
  test.each([
    ['of nothing', 0, 'a:0 b:0', 'a:0 b:0'],
    ['at the start', 4, 'a:0 b:0', 'a:2 b:2'],
    ['gives the odd ones to the first by name', 5, 'a:0 b:0 c:0', 'a:2 b:2 c:1'],
    ['leaves the odd one where it is', 3, 'a:1 b:2', 'a:1 b:2'],
    ['moves one alone to a new cluster', 4, 'a:2 b:2 c:0', 'a:2 b:1 c:1'],
    ['passes over who cannot serve', 4, 'a:0 b:0=unready c:0', 'a:2 b:0 c:2'],
    ['has none for those that left', 4, 'a:2=left b:2', 'a:0 b:4'],
    ['keeps the share of the silent', 4, 'a:2=silent b:1 c:1', 'a:2 b:1 c:1'],
    ['splits the rest around the silent', 6, 'a:2=silent b:1 c:1', 'a:2 b:2 c:2'],
    ['takes nothing from the silent', 1, 'a:3=silent b:1', 'a:3 b:0'],
    ['has others serve for the lost', 4, 'a:2=lost b:2', 'a:2 b:4'],
    ['and leaves it so if nobody can', 4, 'a:2=lost b:2=unready', 'a:2 b:0'],
    ['of more clusters than replicas', 1, 'a:0 b:1 c:0', 'a:0 b:1 c:0'],
    ['without any cluster', 4, 'a:0=unready', 'a:0'],
  ])('%s', (_, replicas, given, expected) => {
    expect(words(evenShares(replicas, candidates(given)))).toBe(expected)
  })
})

describe('on the way there', () => {
  const next = (replicas: number, given: string) => {
    const all = candidates(given)
    return words(nextShares(replicas, all, evenShares(replicas, all)))
  }

  test.each([
    ['a cluster keeps what serves until as many serve elsewhere', 2, 'a:2 b:0', 'a:2 b:1'],
    ['and then gives it up', 2, 'a:2 b:1', 'a:1 b:1'],
    ['what does not serve moves at once', 2, 'a:2/0 b:0', 'a:1 b:1'],
    ['fewer replicas go at once', 2, 'a:2 b:2', 'a:1 b:1'],
    ['a cluster that left keeps what serves, too', 2, 'a:2=left b:0', 'a:2 b:2'],
    ['unless nobody can take over', 2, 'a:2=left b:0=unready', 'a:0 b:0'],
    ['one whose cache is lost serves on', 2, 'a:2=unready b:0', 'a:2 b:2'],
    ['also if it is the only one', 2, 'a:2=unready', 'a:2'],
    ['a lost cluster does not count', 2, 'a:2=lost b:0', 'a:2 b:2'],
    ['and when it is back, it serves on', 2, 'a:2 b:2', 'a:1 b:1'],
    ['one step at a time', 4, 'a:4 b:1', 'a:3 b:2'],
  ])('%s', (_, replicas, given, expected) => {
    expect(next(replicas, given)).toBe(expected)
  })
})

const state = fc.constantFrom<CandidateState>('open', 'unready', 'silent', 'lost', 'left')
const fleet = fc
  .array(fc.record({ share: fc.nat(12), state, part: fc.nat(12) }), { minLength: 1, maxLength: 8 })
  .map(all =>
    all.map(
      ({ share, state, part }, index): Candidate => ({
        cluster: `c${index}`,
        share,
        state,
        serving: Math.min(share, part),
      }),
    ),
  )
const replicas = fc.nat(30)
const sumOf = (shares: ReadonlyMap<string, number>) =>
  [...shares.values()].reduce((sum, each) => sum + each, 0)

test('a split is even, whole, and the nearest of all', () => {
  fc.assert(
    fc.property(replicas, fleet, (wanted, all) => {
      const shares = evenShares(wanted, all)
      const open = all.filter(({ state }) => state === 'open')
      const given = open.map(({ cluster }) => shares.get(cluster) ?? 0)
      if (open.length === 0) return
      const kept = all.reduce((sum, { state, share }) => sum + (state === 'silent' ? share : 0), 0)
      const lost = all.reduce((sum, { state, share }) => sum + (state === 'lost' ? share : 0), 0)
      expect(sumOf(shares) - lost).toBe(Math.max(wanted, kept))
      expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1)
      // To swap two of them would not move fewer.
      const moved = (share: number, { share: before }: Candidate) => Math.abs(share - before)
      for (const [i, one] of open.entries())
        for (const [j, other] of open.entries()) {
          const [a = 0, b = 0] = [given[i], given[j]]
          expect(moved(a, one) + moved(b, other)).toBeLessThanOrEqual(moved(b, one) + moved(a, other))
        }
    }),
    { numRuns: 500 },
  )
})

test('a split stays as it is', () => {
  fc.assert(
    fc.property(replicas, fleet, (wanted, all) => {
      const once = evenShares(wanted, all)
      const then = all.map(each => ({ ...each, share: once.get(each.cluster) ?? 0 }))
      expect(words(evenShares(wanted, then))).toBe(words(once))
    }),
    { numRuns: 500 },
  )
})

test('whatever starts and ends in between, no step takes away what is needed, and the last one is even', () => {
  fc.assert(
    fc.property(replicas, fleet, fc.infiniteStream(fc.nat(100)), (wanted, all, chance) => {
      const random = chance[Symbol.iterator]()
      let now = all
      for (let step = 0; step < 200; step++) {
        const shares = nextShares(wanted, now, evenShares(wanted, now))
        const before = now.reduce((sum, each) => sum + (each.state === 'lost' ? 0 : each.serving), 0)
        const isTaken = now.some(({ state }) => state === 'open')
        now = now.map(each => ({ ...each, share: shares.get(each.cluster) ?? 0 }))
        const after = now.reduce(
          (sum, { state, serving, share }) => sum + (state === 'lost' ? 0 : Math.min(serving, share)),
          0,
        )
        if (isTaken) expect(after).toBeGreaterThanOrEqual(Math.min(wanted, before))
        // Instances over the share end, and missing ones start some time.
        now = now.map(each => {
          const serving = Math.min(each.serving, each.share)
          const starts = each.state === 'open' && serving < each.share && random.next().value < 50
          return { ...each, serving: starts ? serving + 1 : serving }
        })
      }
      const settled = now.map(({ share }) => share)
      // What a silent cluster lacks, others go on to serve.
      const isShort = now.some(({ state, serving, share }) => state === 'silent' && serving < share)
      if (!isShort && now.some(({ state }) => state === 'open'))
        expect(settled).toEqual([...evenShares(wanted, now).values()])
    }),
    { numRuns: 200 },
  )
})
