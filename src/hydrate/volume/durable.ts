import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unless } from './unless.ts'

/** Every user in a pod can read the folders of snapshots, whatever the umask is. */
export const FOLDER_MODE = 0o755

/** What a volume says of an operation that it does not have. */
export const LACKING = [
  ...['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ESPIPE', 'EXDEV', 'EMFILE', 'EISDIR'],
]

/** Does what a volume may reject without harm: mode bits on SMB, the sync of a folder on an object store. */
export async function ifPossible(work: () => Promise<unknown>): Promise<void> {
  await work().catch(unless(...LACKING))
}

/** Syncs a folder, so that its files and their names survive a power failure, where the volume can. */
export async function syncFolder(path: string): Promise<void> {
  await ifPossible(async () => {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** Renames a file, or copies and removes it where the volume cannot rename. */
export async function moveFile(from: string, to: string): Promise<void> {
  const moved = await rename(from, to).then(() => true, unless(...LACKING))
  if (moved === true) return
  await pipeline(createReadStream(from), createWriteStream(to))
  await rm(from, { force: true })
}

/** Writes a file so that after any crash either all of it is there or nothing. */
export async function writeDurably(path: string, text: Iterable<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const unfinished = `${path}.unfinished`
  await writeFile(unfinished, text, { flush: true })
  await moveFile(unfinished, path)
  await syncFolder(dirname(path))
}
