import type { Task } from '../fetch/pool.ts'
import { isWorthSplitting, newPart, type Part, split } from './part.ts'
import { type PartedFile, WithoutRanges } from './parted-file.ts'
import type { Range } from './ranges.ts'

export interface PartTasks {
  /** Called once, when the first part begins. */
  open(): Promise<PartedFile>
  /**
   * Fetches the file in one piece. `wrong` is the hash of what came in parts, if it was not the right one.
   */
  inOnePiece(signal: AbortSignal, wrong?: string): Promise<void>
  /** The file is whole, and has this hash. */
  done(sha256: string): Promise<void>
  /** Milliseconds. */
  now?: () => number
}

/** What fetches a large file. */
export interface PartedWork {
  /** One for each missing part. */
  readonly tasks: readonly Task[]
  /** The parts that are on their way and that somebody could help with. */
  slow(): Part[]
  /** Fetches half of such a part. */
  help(part: Part): Task
}

/**
 * The tasks that fetch a large file, one for each missing part. Whoever ends last finishes the file. If the
 * source turns out to have no ranges, or if the whole has a wrong hash, the file is fetched in one piece.
 */
export function partTasks(
  parts: readonly Range[],
  { open, inOnePiece, done, now = () => performance.now() }: PartTasks,
): PartedWork {
  const stop = new AbortController()
  const writes = new Set<Promise<void>>()
  const running = new Set<Part>()
  let opened: Promise<PartedFile> | undefined
  let left = parts.length
  let isInOnePiece = false

  const file = () => {
    opened ??= open()
    return opened
  }
  const again = async (signal: AbortSignal, wrong?: string) => {
    isInOnePiece = true
    // Nobody splits them any more.
    running.clear()
    stop.abort(new WithoutRanges('the file is fetched in one piece'))
    // They note how far they are, which must not come after.
    await Promise.allSettled(writes)
    await (await file()).close()
    await inOnePiece(signal, wrong)
  }
  const finish = async (signal: AbortSignal) => {
    const { sha256, problem } = await (await file()).finish()
    if (problem !== undefined) return again(signal, sha256)
    await (await file()).close()
    await done(sha256)
  }
  const fetch = async (part: Part, signal: AbortSignal) => {
    const work = file().then(opened => {
      part.since = now()
      return opened.write(part, AbortSignal.any([signal, stop.signal]))
    })
    writes.add(work)
    running.add(part)
    try {
      await work
    } finally {
      writes.delete(work)
      running.delete(part)
    }
  }
  const onFailure = async (error: unknown, signal: AbortSignal) => {
    if (isInOnePiece) return
    if (!(error instanceof WithoutRanges)) throw error
    await again(signal)
  }
  const run = async (part: Part, signal: AbortSignal) => {
    if (isInOnePiece) return
    try {
      await fetch(part, signal)
    } catch (error) {
      await onFailure(error, signal)
      return
    }
    left -= 1
    if (left === 0) await finish(signal)
  }
  return {
    tasks:
      left === 0
        ? [finish]
        : parts.map(
            (range): Task =>
              signal =>
                run(newPart(range), signal),
          ),
    slow: () => [...running].filter(part => isWorthSplitting(part, now())),
    help(part) {
      left += 1
      const half = split(part)
      return signal => run(half, signal)
    },
  }
}
