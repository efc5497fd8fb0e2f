import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effectOf } from '../../api/status-reasons.ts'
import { aLife, type Life } from './life.fixtures.ts'

/** RUNS=20000 searches longer. */
const RUNS = { numRuns: Number(process.env.RUNS ?? 200) }

/** Longer than the longest pause between two attempts. */
const ROUNDS = 400
const SECONDS = 30

/** What may happen to a cache and to what was made for it, at any moment. */
const ACCIDENTS: Readonly<Record<string, (life: Life) => void>> = {
  refetch: life => life.refetch(),
  verify: life => life.verify(),
  'the claim is deleted': life => life.deleteClaim(),
  'the claim is deleted, finalizers and all': life => life.dropClaim(),
  'the claim is restored with its volume': life => life.restoreClaim({ isEmpty: false }),
  'the claim is restored without it': life => life.restoreClaim({ isEmpty: true }),
  'somebody else takes the name of the claim': life => life.squatClaim(),
  'the volume is lost': life => life.loseVolume(),
  'the volume is damaged': life => life.damageVolume(),
  'the Jobs are deleted': life => life.deleteJobs(),
  'the Jobs lose their owner': life => life.orphanJobs(),
  'the pods are deleted by force': life => life.dropPods(),
  'a queue suspends the Jobs': life => life.suspendJobs(true),
  'the ModelCache is restored with its claim': life => life.createCacheAgain({ keepsClaim: true }),
  'the ModelCache is created again': life => life.createCacheAgain({ keepsClaim: false }),
  'the spec changes': life => life.changeSpec(),
  'the branch moves': life => {
    life.world.branch += 1
  },
  'the source is down': life => {
    life.world.source = 'down'
  },
  'the source is gone': life => {
    life.world.source = 'gone'
  },
  'somebody else changes what the controller patches': life => {
    life.world.conflicts += 2
  },
  'a mesh injects containers': life => {
    life.world.hasSidecar = true
  },
  'a policy ends Jobs at once': life => {
    life.world.endsJobsAtOnce = true
  },
}

/** What a person does about a reason, as its message says. */
const WAYS_OUT: Readonly<Record<string, (life: Life) => void>> = {
  JobSuspended: life => life.suspendJobs(false),
  ClaimNotOwned: life => life.deleteClaim(),
}

/** The same for a claim that people made: they create it again. */
const OF_OTHERS: typeof WAYS_OUT = {
  ClaimLost: life => life.squatClaim(),
  ClaimNotFound: life => life.squatClaim(),
}

async function settle(life: Life): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    life.kubernetes()
    await life.look()
    life.pass(SECONDS)
  }
}

/** Whether status says the truth. Damage that nobody has looked for is not known. */
function isReadyInTruth(life: Life): boolean {
  const { status } = life.cache() ?? {}
  return (
    life.ready()?.status === 'True' &&
    status?.claimUID === life.claim()?.metadata.uid &&
    life.volume()?.digests.has(status?.resolvedDigest ?? '') === true
  )
}

const moment = fc.record({
  accident: fc.constantFrom(...Object.keys(ACCIDENTS)),
  // How long after the last one: within one run, or much later.
  rounds: fc.integer({ min: 0, max: 12 }),
  // What happens first in a round.
  order: fc.boolean(),
})

interface Moment {
  accident: string
  rounds: number
  order: boolean
}

async function disturb(life: Life, { accident, rounds, order }: Moment): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if (order) life.kubernetes()
    await life.look()
    if (!order) life.kubernetes()
    life.pass(1)
  }
  ACCIDENTS[accident]?.(life)
}

/** Does what the message of status says, as long as the cache is not Ready. */
async function followAdvice(life: Life, ways: typeof WAYS_OUT): Promise<void> {
  for (let turn = 0; turn < 4 && life.ready()?.status !== 'True'; turn++) {
    const { reason = '', message } = life.ready() ?? {}
    expect([effectOf(reason), message]).not.toEqual(['progress', message])
    expect(message).toMatch(/\w/)
    const wayOut = ways[reason] ?? (found => found.refetch())
    wayOut(life)
    await settle(life)
  }
}

test.each([
  ['a claim of its own', false],
  ['a folder of a claim of others', true],
])(
  'a cache on %s ends Ready, or with a reason and a way out, whatever happens to it at whatever moment',
  async (_, isOfOthers) => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 6 }), async moments => {
        const life = aLife({ isOfOthers })
        for (const each of moments) await disturb(life, each)
        await settle(life)
        life.world.source = 'up'
        await settle(life)
        await followAdvice(life, isOfOthers ? { ...WAYS_OUT, ...OF_OTHERS } : WAYS_OUT)
        expect(life.ready()).toMatchObject({ status: 'True' })
        expect(isReadyInTruth(life)).toBe(true)
        // A cache stays Ready while a queue holds the Job that stages it again.
        if (life.jobs().length > 0) expect(life.cache()?.status?.hydration?.message).toContain('JobSuspended')
        life.suspendJobs(false)
        await settle(life)
        expect(life.jobs()).toEqual([])
        expect(isReadyInTruth(life)).toBe(true)
      }),
      RUNS,
    )
  },
)
