import { type Case, casesOf, check } from './case.ts'
import { openServer } from './server.ts'
import { shrink } from './shrink.ts'

/** One in this many reviews also goes through the server. */
export const SERVED_EVERY = 200

/** The first disagreement of a run. */
export interface Failure {
  index: number
  what: string
  /** The smallest case that shows it. */
  minimal: unknown
}

/** Asks both sides about `n` reviews of a seed, starting at number `from`, until they disagree. */
export async function run(
  { n, seed, from = 0 }: { n: number; seed: number; from?: number },
  progress: (done: number) => void = () => {},
): Promise<Failure | undefined> {
  const server = await openServer()
  try {
    for (const { index, one } of casesOf(seed, from, n)) {
      const what = check(one)
      if (what !== undefined) return { index, what, minimal: shrink(one, what) }
      const served = index % SERVED_EVERY === 0 ? await server.check(one, index / SERVED_EVERY) : undefined
      if (served !== undefined) return { index, what: served, minimal: withoutView(one) }
      progress(index - from + 1)
    }
    return undefined
  } finally {
    await server.close()
  }
}

function withoutView({ webhook, text, cluster }: Case) {
  return { webhook, text, cluster }
}
