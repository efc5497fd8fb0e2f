import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
export async function openJournal(
  path: string,
  { writesAnywhere = true }: { writesAnywhere?: boolean } = {},
): Promise<Journal> {
  const states = new Map<string, FileState>()
  const lines = writesAnywhere ? await inOneFile(path, states) : await inManyFiles(`${path}.d`, states)
  const append = inGroups(lines.append)
  return {
    state: file => states.get(file),
    async record(file, state) {
      await append(`${JSON.stringify({ path: file, ...state })}\n`)
      // Only the next run asks for a file that is complete, and there may be 100,000 of them.
      if (state.sha256 === undefined) states.set(file, state)
      else states.delete(file)
    },
    close: lines.close,
  }
}

/** Where the lines are. */
interface Lines {
  append(lines: readonly string[]): Promise<void>
  close(): Promise<void>
}

async function inOneFile(path: string, states: Map<string, FileState>): Promise<Lines> {
  const handle = await open(path, 'a+')
  const whole = parse(await readFile(path, 'utf8'), states)
  await handle.truncate(Buffer.byteLength(whole))
  return {
    async append(lines) {
      await handle.appendFile(lines.join(''))
      await handle.datasync()
    },
    close: () => handle.close(),
  }
}

/** Where nothing can be appended, each group of lines is a file of its own. */
async function inManyFiles(folder: string, states: Map<string, FileState>): Promise<Lines> {
  await mkdir(folder, { recursive: true })
  const numbers = (await readdir(folder)).map(Number).toSorted((one, other) => one - other)
  for (const number of numbers) parse(await readFile(join(folder, `${number}`), 'utf8'), states)
  let last = numbers.at(-1) ?? 0
  return {
    async append(lines) {
      last += 1
      await writeFile(join(folder, `${last}`), lines.join(''), { flag: 'wx', flush: true })
    },
    close: async () => {},
  }
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
