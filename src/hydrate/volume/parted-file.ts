import { lstat, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SourceFile } from '../sources/source.ts'
import { type Blockwise, openBlockwise } from './blockwise.ts'
import { checksumProblem } from './checksums.ts'
import { FOLDER_MODE, ifPossible } from './durable.ts'
import { changed, FILE_MODE, type Writing } from './file-writer.ts'
import type { FileState } from './journal.ts'
import type { Part } from './part.ts'
import { gapsIn, prefixOf, type Range, splitRanges, withRange } from './ranges.ts'

/** A file of known size whose parts come side by side. */
export type LargeFile = SourceFile & { size: number }

/** The source sent the front of the file where a part of it was asked for. */
export class WithoutRanges extends Error {
  override name = 'WithoutRanges'
}

/** What an earlier run has noted of a file, and what is missing. */
export interface PartPlan {
  noted: readonly Range[]
  parts: readonly Range[]
}

export interface PartedFile {
  /**
   * Fetches a part and writes it. If its end comes closer meanwhile, somebody else fetches the rest. Whatever
   * comes of it is noted soon, also if it breaks off.
   *
   * @throws WithoutRanges, HydrationError SourceChanged, and whatever the source or the volume throws.
   */
  write(part: Part, signal: AbortSignal): Promise<void>
  /** When all parts are written: the hash of the file, and what is wrong with it. */
  finish(): Promise<{ sha256: string; problem: string | undefined }>
  close(): Promise<void>
}

/** Bytes of a part. Some seconds of a connection, so that asking for it costs little. */
const PART_BYTES = 32 * 1024 * 1024

/** Splits what is missing of a file at `target` into parts, in order. */
export async function planParts(
  target: string,
  { size, identity }: LargeFile,
  known: FileState | undefined,
): Promise<PartPlan> {
  const isSame = known !== undefined && known.identity === identity && identity !== undefined
  const isThere = isSame && (await lstat(target).catch(() => undefined))?.size === size
  const noted = isThere ? known.ranges : []
  return { noted, parts: splitRanges(gapsIn(noted, size), PART_BYTES) }
}

export interface PartedWriting extends Pick<Writing, 'record' | 'confirm' | 'onBytes'> {
  plan: PartPlan
  blockwise: Blockwise
}

/** Opens a large file at `target` in its whole size, which takes no room before it is written. */
export async function openPartedFile(
  target: string,
  file: LargeFile,
  { plan, record, confirm, onBytes, blockwise }: PartedWriting,
): Promise<PartedFile> {
  const { size, identity } = file
  let noted = [...plan.noted]
  let written = noted
  await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE })
  if (noted.length === 0) await rm(target, { force: true })
  const handle = await open(target, noted.length === 0 ? 'wx+' : 'r+', 0o644)
  await handle.truncate(size)
  onBytes(noted.reduce((sum, [from, to]) => sum + to - from, 0))
  const output = await openBlockwise(target, handle, file, blockwise)
  let isClosed = false
  const advance = () => output.hash.advance(prefixOf(written))
  advance()

  const notes = createNotes(async parts => {
    await handle.datasync()
    for (const part of parts) noted = withRange(noted, part)
    await record({ ranges: noted, identity, sha256: undefined })
  })
  return {
    async write(part, signal) {
      const { from, to } = part
      const opened = await file.open({ from, to }, signal)
      if (opened.from !== from) throw new WithoutRanges(`${file.path} has no ranges`)
      try {
        await output.write(opened.content, from, {
          end: () => part.to,
          async check(at, bytes) {
            signal.throwIfAborted()
            if (at + bytes > to) throw changed(file, `has more than the ${to - from} bytes of a part`)
            await confirm()
          },
          onWritten(bytes) {
            part.at += bytes
            written = withRange(written, [from, part.at])
            advance()
            onBytes(bytes)
          },
        })
      } finally {
        notes.add([from, part.at])
        // A connection that goes on does not wait for the disk.
        if (part.at < part.to) await notes.settle()
      }
      if (part.at !== part.to) throw changed(file, `ends at ${part.at} bytes, not at ${part.to}`)
    },
    async finish() {
      const found = await output.hash.done
      await notes.settle()
      const { sha256 } = found
      const problem = checksumProblem(file, found)
      if (problem === undefined) {
        await ifPossible(() => handle.chmod(FILE_MODE))
        await handle.sync()
      }
      return { sha256, problem }
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await notes.settle().catch(() => {})
      await output.close()
      await handle.close()
    },
  }
}

/** Notes parts in the background. All that are written while the disk is busy share the next sync. */
function createNotes(note: (parts: readonly Range[]) => Promise<void>) {
  let waiting: Range[] = []
  let noting = Promise.resolve()
  const noteWaiting = async () => {
    const parts = waiting
    waiting = []
    // An earlier turn may have noted them.
    if (parts.length > 0) await note(parts)
  }
  return {
    add(part: Range): void {
      if (part[1] <= part[0]) return
      waiting.push(part)
      noting = noting.then(noteWaiting)
      // Whoever settles hears of it.
      noting.catch(() => {})
    },
    /** Resolves when all parts are noted, and rejects if that failed. */
    settle: () => noting,
  }
}
