import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Folders of snapshots can be read by every user of a pod, whatever the umask. */
export const FOLDER_MODE = 0o755

/** Brings what a folder lists onto the disk: that files in it exist, and how they are called. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a small file so that either all of it is there or nothing, whatever happens meanwhile. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const unfinished = `${path}.unfinished`
  await writeFile(unfinished, text, { flush: true })
  await rename(unfinished, path)
  await syncFolder(dirname(path))
}
