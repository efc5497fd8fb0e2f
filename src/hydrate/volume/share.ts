import { createHash } from 'node:crypto'
import { link, lstat, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SourceFile } from '../sources/source.ts'
import { FOLDER_MODE, LACKING } from './durable.ts'
import { manifestsOn } from './manifest.ts'
import { unless } from './unless.ts'
import type { Volume } from './volume.ts'

/** A small file is read to find out whether it is the same. A larger one is fetched. */
const MAX_READ = 4 * 1024 * 1024
/** How many links we make side by side. */
const SIDE_BY_SIDE = 16

/** A file that another snapshot of the volume has. */
export interface SharedFile {
  size: number
  sha256: string
}

interface Known extends SharedFile {
  /** Where it is. */
  path: string
}

/**
 * Makes hard links in `tree` for the files that a snapshot on the volume already has, and says which. So a
 * repository in which one file has changed moves that one, and stores that one. Nothing is shared on volumes
 * without hard links, or if nobody knows who wrote what is there.
 */
export async function shareFiles(
  volume: Volume,
  files: readonly SourceFile[],
  tree: string,
): Promise<Map<string, SharedFile>> {
  const shared = new Map<string, SharedFile>()
  if (volume.claimUID === undefined || volume.rehash) return shared
  const find = await indexed(volume, files)
  await volume.confirm()
  let canLink = true
  const shareOne = async (file: SourceFile): Promise<void> => {
    const known = await find(file)
    if (known === undefined || !(await isThere(known))) return
    const target = join(tree, file.path)
    await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE })
    const made = await link(known.path, target).then(
      () => true,
      unless(...LACKING, 'EEXIST', 'EMLINK', 'ENOENT'),
    )
    if (made) shared.set(file.path, { size: known.size, sha256: known.sha256 })
    else canLink = false
  }
  for (let at = 0; at < files.length && canLink; at += SIDE_BY_SIDE)
    await Promise.all(files.slice(at, at + SIDE_BY_SIDE).map(shareOne))
  return shared
}

/** How to find a file of a source in the snapshots that were written for this claim. */
async function indexed({ layout, claimUID }: Volume, files: readonly SourceFile[]) {
  const hashes = new Set(files.map(({ sha256 }) => sha256))
  const paths = new Set(files.filter(isReadable).map(({ path }) => path))
  const byHash = new Map<string, Known>()
  const byPath = new Map<string, Known[]>()
  for await (const manifest of manifestsOn(layout)) {
    if (manifest.claimUID !== claimUID) continue
    const folder = layout.snapshot(manifest.digest)
    for (const { path, size, sha256 } of manifest.files) {
      const known = { path: join(folder, path), size, sha256 }
      if (hashes.has(sha256)) byHash.set(sha256, known)
      if (!paths.has(path)) continue
      const others = byPath.get(path)
      if (others === undefined) byPath.set(path, [known])
      else others.push(known)
    }
  }
  return async (file: SourceFile): Promise<Known | undefined> => {
    const isSized = ({ size }: Known) => file.size === undefined || file.size === size
    if (file.sha256 !== undefined) return [byHash.get(file.sha256)].find(known => known && isSized(known))
    for (const known of isReadable(file) ? (byPath.get(file.path) ?? []) : [])
      if (isSized(known) && (await gitBlobOf(known)) === file.gitBlob) return known
    return undefined
  }
}

/** Git names a file by a hash of its content, which takes reading it. */
function isReadable({ gitBlob, size }: SourceFile): boolean {
  return gitBlob !== undefined && size !== undefined && size <= MAX_READ
}

async function isThere({ path, size }: Known): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isFile() === true && found.size === size
}

async function gitBlobOf({ path, size }: Known): Promise<string | undefined> {
  const content = await readFile(path).catch(() => undefined)
  return content && createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex')
}
