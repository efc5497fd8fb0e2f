import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../api/schema/text.ts'
import { HydrationError, volumeFault } from '../failure.ts'
import { FOLDER_MODE, syncFolder } from './durable.ts'
import type { Layout } from './layout.ts'

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

/**
 * Tries everything that a snapshot needs from a volume, and leaves nothing behind.
 *
 * @throws HydrationError VolumeNotWritable, NoSpace, or VolumeUnsupported with the operation that failed.
 */
export async function probe({ own }: Layout): Promise<{ caseSensitive: boolean }> {
  const folder = join(own, 'probe')
  const moved = join(own, 'probe-moved')
  const clean = () => Promise.all([folder, moved].map(path => rm(path, { recursive: true, force: true })))

  await step('removing a folder', clean)
  await step('making a folder', () => mkdir(folder))
  const file = join(folder, 'file')
  await step('writing a file', () => writeFile(file, TEXT))
  await step('writing at an offset and fsync', async () => {
    const handle = await open(file, 'r+')
    try {
      await handle.write(TEXT, 2 * TEXT.length)
      await handle.truncate(2 * TEXT.length)
      await handle.write(TEXT, TEXT.length)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncFolder(folder)
  })
  await step('renaming a folder', () => rename(folder, moved))
  await step('reading a file back', async () => {
    const text = await readFile(join(moved, 'file'), 'utf8')
    if (text !== TEXT + TEXT) throw new Error(`it has ${JSON.stringify(text)}, not what was written`)
  })
  const caseSensitive = await stat(join(moved, 'FILE')).then(
    () => false,
    () => true,
  )
  await step('removing a folder', clean)
  return { caseSensitive }
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
