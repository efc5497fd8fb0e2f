import { expect, test } from 'vitest'
import { run } from './run.ts'

/** Small enough for every run of the suite. `make fuzz` tries a million. */
const REVIEWS = 5_000

const SEEDS = [1, 2, 3, 4]
const { FUZZ_SEED } = process.env

test.each([...SEEDS, ...(FUZZ_SEED === undefined ? [] : [Number(FUZZ_SEED)])])(
  'product and oracle agree on the reviews of seed %i',
  async seed => {
    expect(await run({ n: REVIEWS, seed })).toBeUndefined()
  },
  60_000,
)
