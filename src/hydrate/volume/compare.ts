import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DigestedFile } from './digest.ts'
import type { OnBytes } from './file-writer.ts'
import { isFolder } from './folder.ts'

/** How a file in a folder differs from what it should be. */
export interface Difference {
  path: string
  /** `extra` is a file that nobody listed; `not a file` is a link, a device or a folder. */
  problem: 'missing' | 'extra' | 'not a file' | 'other size' | 'other content'
}

/** What a reader of many files tells, and what stops it. */
export interface Reading {
  onBytes?: OnBytes
  onFile?: () => void
  signal?: AbortSignal | undefined
}

/** Nobody reads more. */
const MAX_DIFFERENCES = 100

/**
 * Reads every file below a folder, and returns how they differ from a list. Links count as differences, since
 * what they lead to may change.
 */
export async function compare(
  folder: string,
  files: readonly DigestedFile[],
  { onBytes = () => {}, onFile = () => {}, signal }: Reading = {},
): Promise<Difference[]> {
  const found: Difference[] = []
  const expected = new Map(files.map(file => [file.path, file]))
  const add = (path: string, problem: Difference['problem']) => found.push({ path, problem })

  if (!(await isFolder(folder)))
    return files.slice(0, MAX_DIFFERENCES).map(({ path }) => ({ path, problem: 'missing' }))
  for await (const { path, isFile } of entriesBelow(folder)) {
    if (found.length >= MAX_DIFFERENCES) return found
    signal?.throwIfAborted()
    const file = expected.get(path)
    expected.delete(path)
    if (!isFile) add(path, 'not a file')
    else if (file === undefined) add(path, 'extra')
    else if ((await lstat(join(folder, path))).size !== file.size) add(path, 'other size')
    else if ((await sha256Of(join(folder, path), { onBytes, signal })) !== file.sha256)
      add(path, 'other content')
    onFile()
  }
  for (const path of expected.keys()) {
    if (found.length >= MAX_DIFFERENCES) return found
    add(path, 'missing')
  }
  return found
}

/** Whether a folder has the files, by their sizes. */
export async function isWhole(folder: string, files: readonly DigestedFile[]): Promise<boolean> {
  if (!(await isFolder(folder))) return false
  for (const { path, size } of files) {
    const found = await lstat(join(folder, path)).catch(() => undefined)
    if (!found?.isFile() || found.size !== size) return false
  }
  return true
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string, { onBytes = () => {}, signal }: Reading = {}): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(chunk)
    onBytes(chunk.length)
  }
  return hash.digest('hex')
}

/** Every file below a folder as a digest counts it, and everything else that is there. */
export async function digestedBelow(
  folder: string,
  reading: Reading = {},
): Promise<{ files: DigestedFile[]; others: string[] }> {
  const files: DigestedFile[] = []
  const others: string[] = []
  for await (const { path, isFile } of entriesBelow(folder)) {
    reading.signal?.throwIfAborted()
    if (!isFile) others.push(path)
    else {
      const { size } = await lstat(join(folder, path))
      files.push({ path, size, sha256: await sha256Of(join(folder, path), reading) })
    }
    reading.onFile?.()
  }
  return { files, others }
}

/** Everything below a folder that is no folder, by its path. Links are not followed. */
export async function* entriesBelow(
  folder: string,
  prefix = '',
): AsyncGenerator<{ path: string; isFile: boolean }> {
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) yield* entriesBelow(folder, path)
    else yield { path, isFile: entry.isFile() }
  }
}
