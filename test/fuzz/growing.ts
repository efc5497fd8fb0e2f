import { BodyRejected, parseBody } from '../../src/server/review-body.ts'
import { type Case, casesOf } from './case.ts'
import { createRandom } from './generate/random.ts'
import { grown, type Place, placesOf } from './grow.ts'
import { ask } from './product.ts'

/** DESIGN 8.4: the worst legal review takes at most this many milliseconds of the event loop. */
const MAX_MS = 50
const LARGE = 1_000_000
const SMALL = LARGE / 4
/** Four times the size may take four times as long. The rest is noise and the cost of the smallest review. */
const MAX_RATIO = 12
const NOISE_MS = 5
const MAX_MEMORY_RATIO = 20
const TRIES = 4

/** The cost of a grown review. */
interface Cost {
  bytes: number
  ms: number
  memory: number
}

/**
 * Grows each text, list, map and key of `n` reviews in turn to a megabyte, and returns the first that takes
 * too long, longer than its size explains, or too much memory; undefined if there is none. The verdicts are
 * not compared.
 */
export function growAll(
  { n, seed, from = 0 }: { n: number; seed: number; from?: number },
  { progress = () => {}, timed = true }: { progress?: (done: number) => void; timed?: boolean } = {},
): string | undefined {
  for (const { index, one } of casesOf(seed, from, n)) {
    for (const [turn, place] of placesOf(JSON.parse(one.text)).entries()) {
      const wrong = tooCostly(one, place, () => createRandom(seed, index, turn), timed)
      if (wrong !== undefined)
        return `review ${index} (${one.webhook}), ${place.what} at ${place.path.join('.') || 'the root'}: ${wrong}`
    }
    progress(index - from + 1)
  }
  return undefined
}

function tooCostly(one: Case, place: Place, random: () => ReturnType<typeof createRandom>, timed: boolean) {
  const bodyOf = (bytes: number) =>
    Buffer.from(JSON.stringify(grown(JSON.parse(one.text), place, bytes, random())))
  const [small, large] = [bodyOf(SMALL), bodyOf(LARGE)]
  let wrong: string | undefined
  // Slow code is slow every time. A busy machine is not.
  for (let tries = 0; tries < TRIES; tries++) {
    wrong = judge(costOf(one, small), costOf(one, large))
    if (wrong === undefined || !timed) return undefined
  }
  return wrong
}

function judge(small: Cost, large: Cost): string | undefined {
  const sizes = `${large.bytes} bytes take ${large.ms.toFixed(1)} ms, ${small.bytes} take ${small.ms.toFixed(1)} ms`
  if (large.ms > MAX_MS) return `over ${MAX_MS} ms: ${sizes}`
  if (large.ms > NOISE_MS + MAX_RATIO * small.ms) return `not linear: ${sizes}`
  if (large.memory > MAX_MEMORY_RATIO * large.bytes)
    return `${large.bytes} bytes take ${large.memory} bytes of memory`
  return undefined
}

/** Needs node's --expose-gc, and a young generation large enough for all of it. */
function costOf({ webhook, view, cluster }: Case, body: Buffer): Cost {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const startedAt = performance.now()
  try {
    ask(webhook, parseBody(body), view, cluster)
  } catch (error) {
    if (!(error instanceof BodyRejected)) throw error
  }
  const ms = performance.now() - startedAt
  return { bytes: body.length, ms, memory: process.memoryUsage().heapUsed - before }
}
