import { lstat, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FOLDER_MODE } from './durable.ts'
import { unless } from './unless.ts'

/** Whether a folder is one, and no link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

/** Makes a folder. A file may be in its way, if a layer of an image replaces it. */
export async function makeFolder(folder: string): Promise<void> {
  const make = () => mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  const made = await make().catch(unless('ENOTDIR', 'EEXIST'))
  if (made !== undefined || (await isFolder(folder))) return
  for (let place = folder; !(await isFolder(place)); place = dirname(place))
    await rm(place, { force: true }).catch(unless('ENOTDIR'))
  await make()
}
