import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { SourceFile } from '../sources/source.ts'
import { type Checksums, startChecksums } from './checksums.ts'
import { FOLDER_MODE } from './durable.ts'
import type { FileState } from './journal.ts'
import { prefixOf } from './ranges.ts'

/** After this many bytes, the file is synced and the journal notes it. A kill costs at most this much. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024
const FILE_MODE = 0o444

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
  { known, record, confirm, onBytes, signal, wrong }: Writing,
): Promise<{ size: number; sha256: string }> {
  await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE })
  const goesOn = known !== undefined && known.sha256 === undefined && known.identity === file.identity
  const handle = await openToWrite(target, goesOn)
  try {
    const kept = goesOn && file.identity !== undefined ? await keptBytes(handle, prefixOf(known.ranges)) : 0
    const opened = await file.open({ from: kept, fresh: wrong !== undefined }, signal)
    const hashes = startChecksums(file)
    await confirm()
    await handle.truncate(opened.from)
    await rehash(handle, opened.from, hashes)
    onBytes(opened.from)
    let at = opened.from
    let sure = at
    for await (const chunk of opened.content) {
      signal.throwIfAborted()
      if (file.size !== undefined && at + chunk.length > file.size)
        throw changed(file, `has more than ${file.size} bytes`)
      await confirm()
      await writeAll(handle, chunk, at)
      hashes.update(chunk)
      at += chunk.length
      onBytes(chunk.length)
      if (at - sure >= CHECKPOINT_BYTES) {
        await handle.datasync()
        await record({ ranges: [[0, at]], identity: file.identity, sha256: undefined })
        sure = at
      }
    }
    if (file.size !== undefined && at !== file.size) throw changed(file, `has ${at} bytes, not ${file.size}`)
    const sha256 = hashes.sha256()
    const problem = hashes.problem(sha256)
    if (problem !== undefined) {
      await handle.truncate(0)
      await record({ ranges: [], identity: undefined, sha256: undefined })
      if (wrong !== undefined) throw mismatch(file, problem, wrong === sha256)
      // The start may be from an earlier state of the source, and a byte may be damaged on its way.
      onBytes(-at)
      const again = { known: undefined, record, confirm, onBytes, signal, wrong: sha256 }
      return await writeFile(target, file, again)
    }
    await handle.chmod(FILE_MODE)
    await handle.sync()
    return { size: at, sha256 }
  } finally {
    await handle.close()
  }
}

/**
 * Opens a file of an earlier run to go on with it, or else a new one: a process that has lost the volume may
 * still have the old one open.
 */
async function openToWrite(target: string, goesOn: boolean): Promise<FileHandle> {
  try {
    if (goesOn) return await open(target, 'r+')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOENT' && code !== 'EACCES') throw error
  }
  await rm(target, { force: true })
  return open(target, 'wx+', 0o644)
}

async function keptBytes(handle: FileHandle, noted: number): Promise<number> {
  return Math.min(noted, (await handle.stat()).size)
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, at + written)
    written += bytesWritten
  }
}

async function rehash(handle: FileHandle, bytes: number, hashes: Checksums): Promise<void> {
  if (bytes === 0) return
  for await (const chunk of handle.createReadStream({ start: 0, end: bytes - 1, autoClose: false }))
    hashes.update(chunk)
}

/** Whoever serves other bytes each time is not the source. */
function mismatch({ path }: SourceFile, problem: string, isSame: boolean): HydrationError {
  if (isSame) return new HydrationError('ChecksumMismatch', `file ${quote(path)} ${problem}`, { file: path })
  const message = `file ${quote(path)} came twice, with other bytes each time, so something on the way damages it`
  return new HydrationError('SourceUnavailable', message, { file: path })
}

function changed(file: SourceFile, what: string): HydrationError {
  return new HydrationError(
    'SourceChanged',
    `file ${quote(file.path)} ${what}: the source changed, or broke off`,
    {
      file: file.path,
    },
  )
}
