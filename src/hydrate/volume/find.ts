import { compare, isWhole } from './compare.ts'
import type { OnBytes } from './file-writer.ts'
import { type Manifest, manifestsOn, writeManifest } from './manifest.ts'
import type { Volume } from './volume.ts'

export interface Looking {
  onBytes?: OnBytes
  signal?: AbortSignal | undefined
}

/** The complete snapshot of that identity on the volume, if there is one. */
export async function findSnapshot(
  volume: Volume,
  identity: string,
  looking: Looking = {},
): Promise<Manifest | undefined> {
  const { layout, claimUID } = volume
  for await (const found of manifestsOn(layout)) {
    if (found.identity !== identity || !(await isIntact(volume, found, looking))) continue
    if (claimUID === undefined || claimUID === found.claimUID) return found
    const hashed = { ...found, claimUID }
    await volume.confirm()
    await writeManifest(layout, hashed)
    return hashed
  }
  return undefined
}

/**
 * Whether the files of a snapshot are what its manifest says. Sizes are enough for what was written for the
 * same claim, because only the hydrator writes there, unless `rehash` is wanted. Anything else is hashed.
 */
export async function isIntact(
  { layout, claimUID, rehash }: Volume,
  { digest, files, claimUID: writtenFor }: Manifest,
  looking: Looking = {},
): Promise<boolean> {
  const folder = layout.snapshot(digest)
  if (!(await isWhole(folder, files))) return false
  if (rehash !== true && claimUID !== undefined && claimUID === writtenFor) return true
  return (await compare(folder, files, looking)).length === 0
}
