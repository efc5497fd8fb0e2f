import { PAGE_BYTES } from './direct.ts'
import type { Range } from './ranges.ts'

/** Bytes of a file that are on their way. */
export interface Part {
  readonly from: number
  /** The next byte. It moves. */
  at: number
  /** Before this byte. It comes closer when somebody else takes the rest over. */
  to: number
  /** When it was asked for, in milliseconds of any clock; undefined before that. */
  since: number | undefined
}

/** Each half of a part that is split has at least so many bytes. */
const LEAST_BYTES = 1024 * 1024
/** What is on its way already is lost, so a part that is soon done is left alone. */
const SOON_MS = 1_000
/** A part that nobody has asked for yet loses nothing, but may be fast. */
const LEAST_NEW_BYTES = 4 * LEAST_BYTES

/** How many milliseconds a part will take as it goes on; for ever if nothing came yet. */
function msLeft({ from, at, to, since = 0 }: Part, now: number): number {
  return at === from ? Number.POSITIVE_INFINITY : ((to - at) * (now - since)) / (at - from)
}

/** Orders parts: first those that will take the longest, and of new ones the largest. */
export function bySlowness(one: Part, other: Part, now: number): number {
  const [first, second] = [msLeft(one, now), msLeft(other, now)]
  return first === second ? other.to - other.at - (one.to - one.at) : second - first
}

/** Whether it is worth a request to fetch half of what is left over another connection. */
export function isWorthSplitting(part: Part, now: number): boolean {
  const { from, at, to, since } = part
  if (since === undefined) return to - at >= 2 * LEAST_NEW_BYTES
  const ms = at === from ? now - since : msLeft(part, now)
  return to - at >= 2 * LEAST_BYTES && ms >= SOON_MS
}

/** Takes the second half of what is left away from a part. It begins at a page, as direct I/O needs it. */
export function split(part: Part): Part {
  const middle = Math.ceil((part.at + part.to) / 2 / PAGE_BYTES) * PAGE_BYTES
  const half = newPart([middle, part.to])
  part.to = middle
  return half
}

export function newPart([from, to]: Range): Part {
  return { from, at: from, to, since: undefined }
}
