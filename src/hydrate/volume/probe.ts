import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorMessage } from '../../api/schema/text.ts'
import { HydrationError, volumeFault } from '../failure.ts'
import { alignedMemory } from './aligned-memory.ts'
import { mayWriteDirectly, openDirect, PAGE_BYTES, writeAt } from './direct.ts'
import { FOLDER_MODE, LACKING } from './durable.ts'
import type { Layout } from './layout.ts'
import { unless } from './unless.ts'

const TEXT = 'probe'

/** Makes the folder that is for the hydrator alone. */
export async function makeOwnFolder({ volume, own }: Layout): Promise<void> {
  await step('making the folder of the volume', () => mkdir(volume, { recursive: true }))
  // Not `recursive`, because then Node reports ENOENT on a read-only volume.
  await step('making a folder', () =>
    mkdir(own, { mode: FOLDER_MODE }).catch(error => {
      if (error.code !== 'EEXIST') throw error
    }),
  )
}

/** What a volume can. File systems can all of it, and object stores behind FUSE lack some. */
export interface Abilities {
  /** Whether `a` and `A` are two files. */
  readonly caseSensitive: boolean
  /** Whether files are written at any offset, read meanwhile, and written again. */
  readonly writesAnywhere: boolean
  /** Whether large files can be written past the page cache of the operating system. */
  readonly writesDirectly: boolean
  /** Whether a folder with files gets another name in one step. */
  readonly renamesFolders: boolean
}

/**
 * Tries everything that a snapshot needs from a volume, and leaves nothing behind.
 *
 * @throws HydrationError VolumeNotWritable, NoSpace, or VolumeUnsupported with the operation that failed.
 */
export async function probe({ own }: Layout): Promise<Abilities> {
  // Another process may try the volume at the same time.
  const folder = join(own, `probe-${randomUUID()}`)
  const moved = `${folder}-moved`
  const clean = () => Promise.all([folder, moved].map(path => rm(path, { recursive: true, force: true })))
  await step('making a folder', () => mkdir(folder))
  const writesAnywhere = await isPossible('writing at an offset and fsync', () =>
    writeAnywhere(join(folder, 'anywhere')),
  )
  const writesDirectly =
    writesAnywhere &&
    (await isPossible('writing with direct I/O', () => writeDirectly(join(folder, 'direct'))))
  const file = join(folder, 'file')
  await step('writing a file from its start to its end', () =>
    writeFile(file, TEXT, { flag: 'wx', flush: true }),
  )
  const renamesFolders = await isPossible('renaming a folder', () => rename(folder, moved))
  const place = renamesFolders ? moved : folder
  await step('reading a file back', async () => {
    const text = await readFile(join(place, 'file'), 'utf8')
    if (text !== TEXT) throw new Error(`it has ${JSON.stringify(text)}, not what was written`)
  })
  const caseSensitive = await stat(join(place, 'FILE')).then(
    () => false,
    () => true,
  )
  await step('removing a folder', clean)
  return { caseSensitive, writesAnywhere, writesDirectly, renamesFolders }
}

/** Writes in the middle of a file that is open, and reads what is there, also through another handle. */
async function writeAnywhere(file: string): Promise<void> {
  const handle = await open(file, 'wx+')
  try {
    await handle.write(TEXT, 2 * TEXT.length)
    await handle.truncate(2 * TEXT.length)
    await handle.write(TEXT, TEXT.length)
    await handle.write(TEXT, 0)
    await handle.sync()
    const text = await readFile(file, 'utf8')
    if (text !== TEXT + TEXT) throw new Lacking(`it has ${JSON.stringify(text)}, not what was written`)
  } finally {
    await handle.close()
  }
}

/** Writes a whole page past the page cache, and a few bytes more through it. */
async function writeDirectly(path: string): Promise<void> {
  if (!(await mayWriteDirectly(dirname(path)))) throw new Lacking('direct I/O is for local file systems')
  await using handle = await open(path, 'wx+')
  await using direct = await openDirect(path)
  const bytes = Buffer.from(alignedMemory(2 * PAGE_BYTES)).fill(TEXT, 0, PAGE_BYTES + TEXT.length)
  await writeAt({ handle, direct }, bytes.subarray(0, PAGE_BYTES + TEXT.length), 0)
}

/** A volume that does something else than it was told. */
class Lacking extends Error {
  override name = 'Lacking'
}

async function isPossible(doing: string, work: () => Promise<void>): Promise<boolean> {
  const attempt = () =>
    work().then(
      () => true,
      (error: unknown) => {
        if (error instanceof Lacking) return false
        unless(...LACKING)(error)
        return false
      },
    )
  return step(doing, attempt)
}

async function step<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = volumeFault(error, doing)
    if (fault !== undefined) throw fault
    const words = errorMessage(error)
    const message = `the volume failed at ${doing}: ${words}; use a class backed by a file system: NFS, CephFS, Lustre, EFS or SMB`
    throw new HydrationError('VolumeUnsupported', message, { cause: error })
  }
}
