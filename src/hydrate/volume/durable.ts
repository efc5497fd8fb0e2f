import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Every user in a pod can read the folders of snapshots, whatever the umask is. */
export const FOLDER_MODE = 0o755

/** Syncs a folder, so that its files and their names survive a power failure. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file so that after any crash either all of it is there or nothing. */
export async function writeDurably(path: string, text: Iterable<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const unfinished = `${path}.unfinished`
  await writeFile(unfinished, text, { flush: true })
  await rename(unfinished, path)
  await syncFolder(dirname(path))
}
