import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { DigestedFile } from './digest.ts'
import { FOLDER_MODE, ifPossible, moveFile, syncFolder, writeDurably } from './durable.ts'
import { isIntact, type Looking } from './find.ts'
import { isFolder } from './folder.ts'
import {
  type Manifest,
  manifestOf,
  manifestText,
  readBounded,
  readManifest,
  writeManifest,
} from './manifest.ts'
import { onVolume } from './on-volume.ts'
import type { Volume } from './volume.ts'

/** The manifest of a snapshot that is about to appear, beside its tree. */
const UNREVEALED = 'manifest.json'

/** The rename, then the manifest. If a run is killed between the two, the next one repairs it. */
export async function reveal(
  volume: Volume,
  { work, tree }: { work: string; tree: string },
  content: Manifest,
  looking: Looking = {},
): Promise<void> {
  const { layout } = volume
  const target = layout.snapshot(content.digest)
  await seal(tree, content.files)
  await mkdir(dirname(target), { recursive: true })
  await ifPossible(() => chmod(dirname(target), FOLDER_MODE))
  // What is there already may be of an earlier life of the volume, unless its own manifest says otherwise.
  const known = await manifestOf(layout, content.digest)
  const isThere = await isIntact(volume, known ?? { ...content, claimUID: undefined }, looking)
  await volume.confirm()
  // Pods of an earlier claim are gone, so only a snapshot of this one may be in use.
  const isInUse = known?.claimUID === volume.claimUID && (await isFolder(target))
  if (isInUse && !isThere) await repair(volume, tree, content)
  else {
    await writeDurably(join(work, UNREVEALED), manifestText(content))
    // Anything else with that name was created by a kubelet, for a pod that came too early.
    if (!isThere) {
      await rm(target, { recursive: true, force: true })
      if (volume.renamesFolders) await rename(tree, target)
      else await moveAll(tree, target, content.files)
    }
  }
  await syncFolder(dirname(target))
  await syncFolder(layout.volume)
  await writeManifest(layout, content)
}

/**
 * Moves the files one by one, where a folder cannot get another name. Until the manifest is there, no status
 * has the snapshot, so nobody mounts a part of it.
 */
async function moveAll(tree: string, target: string, files: readonly DigestedFile[]): Promise<void> {
  for (const { path } of files) {
    await mkdir(dirname(join(target, path)), { recursive: true, mode: FOLDER_MODE })
    await moveFile(join(tree, path), join(target, path))
  }
}

/**
 * Puts the files of the tree into a damaged snapshot, one by one, because pods may have mounted its folder.
 * Until all of them are there, no manifest says that the snapshot is complete.
 */
async function repair({ layout }: Volume, tree: string, { digest, files }: Manifest): Promise<void> {
  const target = layout.snapshot(digest)
  await rm(layout.manifest(digest), { force: true })
  await syncFolder(layout.manifests)
  await mkdir(target, { recursive: true })
  for (const { path } of files) {
    await clear(target, dirname(path))
    await mkdir(dirname(join(target, path)), { recursive: true })
    await moveFile(join(tree, path), join(target, path)).catch(async () => {
      await rm(join(target, path), { recursive: true, force: true })
      await moveFile(join(tree, path), join(target, path))
    })
  }
  await seal(target, files)
}

/** Removes what is no folder from the way to one. */
async function clear(root: string, folder: string): Promise<void> {
  let path = root
  for (const part of folder === '.' ? [] : folder.split('/')) {
    path = join(path, part)
    const found = await lstat(path).catch(() => undefined)
    if (found !== undefined && !found.isDirectory()) await rm(path)
  }
}

/** Finishes snapshots that a kill left between their rename and their manifest. */
export async function finishReveals(volume: Volume, looking: Looking = {}): Promise<void> {
  const { layout } = volume
  await onVolume('reading what an earlier run has left', async () => {
    for (const key of await readdir(layout.work).catch(() => [])) {
      const work = layout.workOf(key)
      const content = readManifest(await readBounded(join(work, UNREVEALED)))
      if (content === undefined || !(await isIntact(volume, content, looking))) continue
      await volume.confirm()
      await writeManifest(layout, content)
      await rm(work, { recursive: true, force: true })
    }
  })
}

/**
 * Leaves nothing in a tree except the files of the snapshot, syncs its folders, and opens them to every
 * reader, whatever the umask is. The files are already synced.
 */
async function seal(tree: string, files: readonly DigestedFile[]): Promise<void> {
  const missing = new Set(files.map(({ path }) => path))
  const sealFolder = async (folder: string) => {
    await ifPossible(() => chmod(join(tree, folder), FOLDER_MODE))
    for (const found of await readdir(join(tree, folder), { withFileTypes: true })) {
      const path = folder === '' ? found.name : `${folder}/${found.name}`
      if (found.isDirectory()) await sealFolder(path)
      else if (!found.isFile() || !missing.delete(path)) await rm(join(tree, path))
    }
    await syncFolder(join(tree, folder))
  }
  await sealFolder('')
  const [file] = missing
  if (file === undefined) return
  const message = `the volume does not have ${quote(file)} under that name after it was written; rename the file, leave it out with exclude, or use another class`
  throw new HydrationError('FileNamesCollide', message, { file })
}
