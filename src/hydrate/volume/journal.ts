import { type FileHandle, open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parseJson } from '../../api/schema/parse.ts'
import type { Range } from './ranges.ts'

/** How much of a file is done. */
export interface FileState {
  /** The bytes that are certainly on disk. */
  ranges: readonly Range[]
  /**
   * The identity that the file had at its source, such as an ETag. Bytes with another identity do not
   * continue it.
   */
  identity: string | undefined
  /** Set once the file is complete: 64 hexadecimal digits. */
  sha256: string | undefined
}

const entry = z.object({
  path: z.string(),
  ranges: z.array(z.tuple([z.int().min(0), z.int().min(0)])),
  identity: z.string().optional(),
  sha256: z.string().optional(),
})

/** The list of what is certainly on disk, in a file that is only appended to. */
export interface Journal {
  /** What an earlier run has noted, or this one of a file that is not complete yet. */
  state(path: string): FileState | undefined
  /** Resolves once the entry is on disk. What the entry describes must be on disk before. */
  record(path: string, state: FileState): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the journal, and creates it if there is none. A process may be killed at any byte, so an incomplete
 * last line is ignored and cut off. The last entry of a file counts.
 */
export async function openJournal(path: string): Promise<Journal> {
  const states = new Map<string, FileState>()
  const handle = await open(path, 'a+')
  const append = inGroups(lines => appendAll(handle, lines))
  const whole = parse(await readFile(path, 'utf8'), states)
  await handle.truncate(Buffer.byteLength(whole))
  return {
    state: file => states.get(file),
    async record(file, state) {
      await append(`${JSON.stringify({ path: file, ...state })}\n`)
      // Only the next run asks for a file that is complete, and there may be 100,000 of them.
      if (state.sha256 === undefined) states.set(file, state)
      else states.delete(file)
    },
    close: () => handle.close(),
  }
}

async function appendAll(handle: FileHandle, lines: readonly string[]): Promise<void> {
  await handle.appendFile(lines.join(''))
  await handle.datasync()
}

/** Whatever comes during a write shares the next one, because each costs a sync of the disk. */
function inGroups(write: (lines: readonly string[]) => Promise<void>): (line: string) => Promise<void> {
  let waiting: string[] = []
  let last: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  return line => {
    waiting.push(line)
    next ??= last
      .catch(() => {})
      .then(() => {
        const lines = waiting
        waiting = []
        last = next ?? last
        next = undefined
        return write(lines)
      })
    return next
  }
}

/** Reads line by line into `states`, and returns the text up to the first unreadable line. */
function parse(text: string, states: Map<string, FileState>): string {
  let end = 0
  for (;;) {
    const next = text.indexOf('\n', end)
    if (next === -1) return text.slice(0, end)
    const parsed = entry.safeParse(parseJson(text.slice(end, next)))
    if (!parsed.success) return text.slice(0, end)
    const { path, ranges, identity, sha256 } = parsed.data
    states.set(path, { ranges, identity, sha256 })
    end = next + 1
  }
}
