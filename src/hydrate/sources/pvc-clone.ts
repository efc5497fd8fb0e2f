import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { errorMessage, quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Opened, WantedRange } from '../fetch/opened.ts'
import type { Resolved, SourceFile } from './source.ts'

/** A claim that the Job has mounted read-only, and a folder of it. */
export interface ClonedClaim {
  name: string
  subPath?: string | undefined
}

const MAX_FILES = 100_000
/** Characters of all paths together. */
const MAX_PATHS = 16 * 1024 * 1024
/** A file system of Linux keeps what it has repaired there, for root alone. */
const LOST_AND_FOUND = 'lost+found'

/** A file of the claim, as it was when it was listed. */
interface Found {
  /** Below the folder. */
  path: string
  /** Where it really is. */
  target: string
  size: number
  /** Tells the bytes from others of the same size. */
  state: string
}

/**
 * The files of another claim of the namespace. Sizes and times of change say which bytes these are. A link to
 * a file of the claim counts as that file.
 */
export async function pvcClone({ name, subPath = '' }: ClonedClaim, root: string): Promise<Resolved> {
  const found = await readingFrom(name, () => filesBelow({ name, root, folder: join(root, subPath) }))
  if (found.length === 0) {
    const message = `claim ${name} has no files${subPath === '' ? '' : ` below ${quote(subPath)}`}; fill it, or correct subPath`
    throw new HydrationError('SourceNotFound', message)
  }
  const listed = found.map(({ path, state }) => `${path}\0${state}\n`).join('')
  const of = createHash('sha256').update(listed).digest('hex')
  return {
    identity: JSON.stringify({ kind: 'pvcClone', name, subPath, of }),
    list: async () => ({ files: found.map(file => fileOf(name, file)) }),
  }
}

interface Claim {
  name: string
  root: string
  folder: string
}

async function filesBelow({ name, root, folder }: Claim): Promise<Found[]> {
  const found: Found[] = []
  const whole = await realpath(root)
  let characters = 0
  const add = (file: Found) => {
    characters += file.path.length
    if (found.push(file) > MAX_FILES || characters > MAX_PATHS)
      throw new HydrationError('SourceNotFound', `claim ${name} has more than ${MAX_FILES} files there`)
  }
  const walk = async (place: string): Promise<void> => {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const path = join(place, entry.name)
      if (entry.isDirectory() && entry.name !== LOST_AND_FOUND) await walk(path)
      else if (!entry.isDirectory()) add(await fileAt(path, relative(folder, path), whole))
    }
  }
  await walk(folder)
  return found.toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

async function fileAt(place: string, path: string, root: string): Promise<Found> {
  const target = await realpath(place).catch(() => undefined)
  if (target === undefined || !target.startsWith(root + sep))
    throw notAFile(path, 'a link that leads to nothing in the claim')
  const found = await stat(target, { bigint: true })
  if (!found.isFile()) throw notAFile(path, 'neither a file nor a link to one')
  return { path, target, size: Number(found.size), state: `${found.size} ${found.mtimeNs}` }
}

function notAFile(path: string, what: string): HydrationError {
  const message = `the claim has ${quote(path)}, ${what}; remove it`
  return new HydrationError('FileNameInvalid', message, { file: path })
}

function fileOf(claim: string, { path, target, size, state }: Found): SourceFile {
  return {
    path,
    size,
    identity: state,
    hasRanges: true,
    open: (range, signal) => readingFrom(claim, () => openAt({ target, path, state }, range, signal)),
  }
}

async function openAt(
  { target, path, state }: Pick<Found, 'target' | 'path' | 'state'>,
  { from, to }: WantedRange,
  signal: AbortSignal,
): Promise<Opened> {
  const check = async () => {
    const now = await stat(target, { bigint: true })
    if (`${now.size} ${now.mtimeNs}` === state) return
    throw new HydrationError('SourceChanged', `file ${quote(path)} changed while it was copied`, {
      file: path,
    })
  }
  await check()
  const handle = await open(target, 'r')
  const end = to === undefined ? undefined : to - 1
  async function* content() {
    try {
      if (to === undefined || to > from)
        yield* createReadStream('', { fd: handle, start: from, end, signal, highWaterMark: 1024 * 1024 })
      await check()
    } finally {
      await handle.close().catch(() => {})
    }
  }
  return { from, content: content() }
}

/**
 * Says whose fault an error of the file system is: the claim that is read, not the volume that is written.
 */
async function readingFrom<T>(claim: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HydrationError || !(error instanceof Error && 'code' in error)) throw error
    const said = `claim ${claim} cannot be read: ${errorMessage(error)}`
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      const fix = 'set spec.hydration.securityContext to a user or group that may read its files'
      throw new HydrationError('Unauthorized', `${said}; ${fix}`, { cause: error })
    }
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new HydrationError('SourceNotFound', `${said}; correct name and subPath`, { cause: error })
    throw new HydrationError('SourceUnavailable', said, { cause: error })
  }
}
