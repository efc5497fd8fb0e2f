/** A source of choices that depends on a seed: the same seed gives the same choices on every machine. */
export interface Random {
  /** An integer from 0 to below `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  /** Some of them, in order. */
  some<T>(from: readonly T[], probability: number): T[]
  /** The value or undefined, which JSON leaves out. */
  perhaps<T>(probability: number, value: () => T): T | undefined
}

/** mulberry32 over a mix of the seeds. */
export function createRandom(...seeds: number[]): Random {
  let state = seeds.reduce((mix, seed) => Math.imul(mix ^ (seed + 0x9e3779b9), 0x85ebca6b) ^ (mix >>> 13), 1)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const chance = (probability: number) => next() < probability
  return {
    below,
    chance,
    pick: from => {
      for (const picked of from.slice(below(from.length))) return picked
      throw new Error('nothing to pick from')
    },
    some: (from, probability) => from.filter(() => chance(probability)),
    perhaps: (probability, value) => (chance(probability) ? value() : undefined),
  }
}
