import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { FOLDER_MODE, syncFolder } from './durable.ts'
import { onVolume } from './on-volume.ts'
import type { Volume } from './volume.ts'

/**
 * Makes the folders of a snapshot over which pods mount empty ones. A container runtime cannot make them:
 * pods mount the snapshot read-only.
 *
 * @throws HydrationError FileNamesCollide if the snapshot has a file there.
 */
export async function makeScratchFolders(
  { layout }: Volume,
  digest: string,
  folders: readonly string[],
): Promise<void> {
  const snapshot = layout.snapshot(digest)
  for (const folder of folders) {
    await onVolume(`making folder ${folder}`, () =>
      mkdir(join(snapshot, folder), { recursive: true, mode: FOLDER_MODE }).catch((error: unknown) => {
        if (!isFile(error)) throw error
        const message = `spec.mount.scratch names ${quote(folder)}, but the artifact has a file there; name another folder`
        throw new HydrationError('FileNamesCollide', message, { file: folder })
      }),
    )
  }
  if (folders.length > 0) await syncFolder(snapshot)
}

function isFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['EEXIST', 'ENOTDIR'].includes(String(error.code))
}
