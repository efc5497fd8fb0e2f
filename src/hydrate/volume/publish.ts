import { chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FOLDER_MODE, syncFolder, writeDurably } from './durable.ts'
import type { Layout } from './layout.ts'
import { isWhole, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { onVolume } from './on-volume.ts'

/** The manifest of a snapshot that is about to appear, beside its tree. */
const UNREVEALED = 'manifest.json'

/** The rename, then the manifest. If a run is killed between the two, the next one repairs it. */
export async function reveal(layout: Layout, work: string, tree: string, content: Manifest): Promise<void> {
  const target = layout.snapshot(content.digest)
  await syncTree(tree)
  await mkdir(dirname(target), { recursive: true })
  await chmod(dirname(target), FOLDER_MODE)
  await writeDurably(join(work, UNREVEALED), JSON.stringify(content))
  if (await isWhole(target, content.files)) await rm(tree, { recursive: true, force: true })
  else {
    // Anything else with that name was created by a kubelet, for a pod that came too early.
    await rm(target, { recursive: true, force: true })
    await rename(tree, target)
  }
  await syncFolder(dirname(target))
  await syncFolder(layout.volume)
  await writeManifest(layout, content)
}

/** Finishes snapshots that a kill left between their rename and their manifest. */
export async function finishReveals(layout: Layout): Promise<void> {
  await onVolume('reading what an earlier run has left', async () => {
    for (const key of await readdir(layout.work).catch(() => [])) {
      const work = layout.workOf(key)
      const text = await readFile(join(work, UNREVEALED), 'utf8').catch(() => '')
      const content = readManifest(text)
      if (content === undefined || !(await isWhole(layout.snapshot(content.digest), content.files))) continue
      await writeManifest(layout, content)
      await rm(work, { recursive: true, force: true })
    }
  })
}

/**
 * Syncs all folders of a tree and opens them to every reader, whatever the umask is. The files are already
 * synced.
 */
async function syncTree(folder: string): Promise<void> {
  await chmod(folder, FOLDER_MODE)
  for (const found of await readdir(folder, { withFileTypes: true }))
    if (found.isDirectory()) await syncTree(join(folder, found.name))
  await syncFolder(folder)
}
