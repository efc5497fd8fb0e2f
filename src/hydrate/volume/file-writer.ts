import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Opened } from '../fetch/opened.ts'
import type { SourceFile } from '../sources/source.ts'
import type { Blockwise } from './blockwise.ts'
import { type Claims, checksumProblem, type FileHashes } from './checksums.ts'
import { ifPossible } from './durable.ts'
import { openOutput } from './file-output.ts'
import { makeFolder } from './folder.ts'
import type { FileState } from './journal.ts'
import { prefixOf } from './ranges.ts'
import { unless } from './unless.ts'

/** After this many bytes, the file is synced and the journal notes it. A kill costs at most this much. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024
/** Nobody changes a file of a snapshot. */
export const FILE_MODE = 0o444

/** Called with bytes that were written or that already existed. */
export type OnBytes = (bytes: number) => void

export interface Writing {
  /** What the journal says about the file. */
  known: FileState | undefined
  record: (state: FileState) => Promise<void>
  /** Rejects if the volume is no longer ours. */
  confirm: () => Promise<void>
  onBytes: OnBytes
  signal: AbortSignal
  /**
   * Whether the volume lets files be written at any offset. Otherwise each comes from its start to its end.
   */
  writesAnywhere: boolean
  blockwise: Blockwise
  /** The SHA-256 with which the file came the last time, which was not the right one. */
  wrong?: string | undefined
}

/**
 * Writes a file of a source to `target`, continues where an earlier run stopped, and checks what the source
 * says about it. When this resolves, the file is on disk.
 *
 * @throws HydrationError SourceChanged or ChecksumMismatch, and whatever the source or the volume throws.
 */
export async function writeFile(
  target: string,
  file: SourceFile,
  writing: Writing,
): Promise<{ size: number; sha256: string }> {
  const { known, record, onBytes, signal, wrong, writesAnywhere } = writing
  const isUnfinished = known !== undefined && known.sha256 === undefined && known.identity === file.identity
  const goesOn = isUnfinished && writesAnywhere
  const handle = await openToWrite(target, { goesOn, isReadToo: writesAnywhere })
  try {
    const kept = goesOn && file.identity !== undefined ? await keptBytes(handle, prefixOf(known.ranges)) : 0
    const opened = await file.open({ from: kept, fresh: wrong !== undefined }, signal)
    const claims: Claims = { ...file, checksum: opened.checksum ?? file.checksum }
    const { size, found } = await writeContent(target, handle, opened, { ...writing, file, claims })
    const { sha256 } = found
    const problem = checksumProblem(claims, found)
    // Only a guess can be wrong about bytes that came twice.
    const isGuess = claims.checksum?.isGuess === true && file.sha256 === undefined
    const isRight = problem === undefined || (isGuess && wrong === sha256)
    if (!isRight) {
      // Behind FUSE, a file that is open cannot always be removed.
      await handle.close()
      await record({ ranges: [], identity: undefined, sha256: undefined })
      if (wrong !== undefined) throw mismatch(file, problem, wrong === sha256)
      // The start may be from an earlier state of the source, and a byte may be damaged on its way.
      onBytes(-size)
      return await writeFile(target, file, { ...writing, known: undefined, wrong: sha256 })
    }
    await ifPossible(() => handle.chmod(FILE_MODE))
    await handle.sync()
    return { size, sha256 }
  } finally {
    await handle.close()
  }
}

/** Writes what comes after what is there, and hashes both. Returns the bytes of the file. */
async function writeContent(
  target: string,
  handle: FileHandle,
  { from, content }: Opened,
  writing: Writing & { file: SourceFile; claims: Claims },
): Promise<{ size: number; found: FileHashes }> {
  const { file, claims, known, record, confirm, onBytes, signal, writesAnywhere, blockwise } = writing
  await using output = await openOutput(target, handle, claims, blockwise)
  const { size, identity } = file
  await confirm()
  // A file that is new has nothing to cut off, and there may be 100,000 of them.
  if (known !== undefined && writesAnywhere) await handle.truncate(from)
  await output.rehash(from)
  onBytes(from)
  let at = from
  const notes = createNotes(handle, { at, identity, record, writesAnywhere })
  try {
    await output.write(content, from, {
      async check(begin, bytes) {
        signal.throwIfAborted()
        if (size !== undefined && begin + bytes > size) throw changed(file, `has more than ${size} bytes`)
        await confirm()
      },
      async onWritten(bytes) {
        at += bytes
        onBytes(bytes)
        await notes.reached(at)
      },
    })
    await notes.settle()
  } catch (error) {
    // The next run goes on from here.
    if (signal.aborted) await notes.end(at)
    await notes.settle()
    throw error
  }
  if (size !== undefined && at !== size) throw changed(file, `has ${at} bytes, not ${size}`)
  return { size: at, found: await output.digest() }
}

/**
 * Notes how much of a file is on disk. A volume that writes in sequence gets no notes: a sync ends a file
 * there.
 */
function createNotes(
  handle: FileHandle,
  {
    at,
    identity,
    record,
    writesAnywhere,
  }: Pick<Writing, 'record' | 'writesAnywhere'> & { at: number; identity: string | undefined },
) {
  let sure = at
  let noting = Promise.resolve()
  const noteBytes = async (bytes: number) => {
    await handle.datasync()
    await record({ ranges: [[0, bytes]], identity, sha256: undefined })
  }
  // The disk has until the next time, so that nobody waits for it.
  const note = async (bytes: number) => {
    await noting
    sure = bytes
    noting = noteBytes(bytes)
    noting.catch(() => {})
  }
  return {
    async reached(bytes: number) {
      if (writesAnywhere && bytes - sure >= CHECKPOINT_BYTES) await note(bytes)
    },
    async end(bytes: number) {
      if (writesAnywhere && bytes > sure) await note(bytes)
    },
    settle: () => noting,
  }
}

/**
 * Opens a file of an earlier run to go on with it, or else a new one: a process that has lost the volume may
 * still have the old one open.
 */
async function openToWrite(
  target: string,
  { goesOn, isReadToo }: { goesOn: boolean; isReadToo: boolean },
): Promise<FileHandle> {
  if (goesOn) {
    const found = await open(target, 'r+').catch(unless('ENOENT', 'EACCES'))
    if (found !== undefined) return found
  }
  // Most often the folder is there, and the file is not.
  const create = () => open(target, isReadToo ? 'wx+' : 'wx', 0o644)
  const created = await create().catch(unless('ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR'))
  if (created !== undefined) return created
  await makeFolder(dirname(target))
  await rm(target, { recursive: true, force: true })
  return create()
}

async function keptBytes(handle: FileHandle, noted: number): Promise<number> {
  return Math.min(noted, (await handle.stat()).size)
}

/** Whoever serves other bytes each time is not the source. */
export function mismatch({ path }: SourceFile, problem: string, isSame: boolean): HydrationError {
  if (isSame) return new HydrationError('ChecksumMismatch', `file ${quote(path)} ${problem}`, { file: path })
  const message = `file ${quote(path)} came twice, with other bytes each time, so something on the way damages it`
  return new HydrationError('SourceUnavailable', message, { file: path })
}

export function changed(file: SourceFile, what: string): HydrationError {
  return new HydrationError(
    'SourceChanged',
    `file ${quote(file.path)} ${what}: the source changed, or broke off`,
    {
      file: file.path,
    },
  )
}
