import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { SourceFile } from '../sources/source.ts'
import { entriesBelow } from './compare.ts'
import { type DigestedFile, digestOf, sorted } from './digest.ts'
import { FOLDER_MODE } from './durable.ts'
import type { OnBytes } from './file-writer.ts'
import { openJournal } from './journal.ts'
import type { Manifest } from './manifest.ts'
import { checkNames } from './names.ts'
import { onVolume } from './on-volume.ts'
import { reveal } from './publish.ts'
import { type SharedFile, shareFiles } from './share.ts'
import { bytesBelow } from './space.ts'
import { stageAll } from './stage-all.ts'
import { createStager } from './stager.ts'
import type { Volume } from './volume.ts'

/** A snapshot in progress. Nobody sees it until it is complete. */
export interface Snapshot {
  /** Where an archive is kept until it is unpacked, if it cannot be unpacked as it comes. */
  readonly archive: string
  /** Bytes that an earlier run has left. */
  bytes(): Promise<number>
  /** Takes over the files that another snapshot of the volume has, so that `putAll` need not fetch them. */
  share(files: readonly SourceFile[]): Promise<void>
  /**
   * Writes a file, continues where an earlier run stopped, and checks what the source says about it. If it
   * `replaces`, it may have the name of an earlier one.
   */
  put(file: SourceFile, signal: AbortSignal, options?: { replaces?: boolean }): Promise<void>
  /** Writes many files side by side, large ones in parts. Calls `onFile` for each that is complete. */
  putAll(files: readonly SourceFile[], options: PutAllOptions): Promise<void>
  /** Fetches the archive itself, in the same way. */
  putArchive(file: SourceFile, signal: AbortSignal): Promise<void>
  /** What a file holds that was put, from one byte to before another, or to the end. */
  contentOf(path: string, from: number, to?: number): AsyncIterable<Uint8Array>
  /** Forgets files that were put, and folders. The snapshot is without them. */
  forget(names: readonly string[]): void
  /** Makes the snapshot appear by a single rename, and removes everything that was needed on the way. */
  complete(about: Completed): Promise<Manifest>
  close(): Promise<void>
}

export interface Completed {
  identity: string
  revision?: string | undefined
  leftOut?: number | undefined
  /** The folder that becomes the snapshot. Default: all of them. */
  folder?: string | undefined
}

export interface PutAllOptions {
  onFile(): void
  signal: AbortSignal
}

export interface SnapshotOptions {
  onBytes?: OnBytes
  /** Remove what an earlier run left. */
  afresh?: boolean
  /** How many files or parts of files are written at a time; default 1. */
  connections?: number
}

/**
 * Opens the work for the source of that identity, with what an earlier run left of it. Work for other sources
 * is removed, because this is the only writer.
 */
export async function openSnapshot(
  volume: Volume,
  identity: string,
  { onBytes = () => {}, afresh = false, connections = 1 }: SnapshotOptions = {},
): Promise<Snapshot> {
  const { layout, claimUID, confirm } = volume
  // Work for another claim is of an earlier life of the volume.
  const key = createHash('sha256')
    .update(JSON.stringify([identity, claimUID]))
    .digest('hex')
    .slice(0, 32)
  const work = layout.workOf(key)
  const tree = join(work, 'tree')
  const archive = join(work, 'archive')
  await onVolume('making room for the snapshot', async () => {
    await confirm()
    const others = (await readdir(layout.work).catch(() => [])).filter(name => afresh || name !== key)
    for (const name of others) await rm(join(layout.work, name), { recursive: true, force: true })
    await mkdir(tree, { recursive: true, mode: FOLDER_MODE })
    // A link could lead our writes out of the tree, or into the file of another snapshot.
    for await (const { path, isFile } of entriesBelow(work))
      if (!isFile || (await lstat(join(work, path))).nlink > 1) await rm(join(work, path))
  })
  const journal = await onVolume('opening the journal', () => openJournal(join(work, 'journal'), volume))
  const names = checkNames(volume)
  const files = new Map<string, DigestedFile>()

  const shared = new Map<string, SharedFile>()
  const stager = createStager({ work, journal, volume, onBytes, connections, shared })

  return {
    archive,
    bytes: () => bytesBelow(work),
    async share(all) {
      const found = await onVolume('sharing files', () => shareFiles(volume, all, tree))
      for (const [path, file] of found) shared.set(`tree/${path}`, file)
    },
    async put(file, signal, options) {
      names.check(file.path, options)
      const written = await onVolume(`writing ${file.path}`, () => stager.stage(file, pathOf(file), signal))
      files.set(file.path, written)
    },
    async putAll(all, { onFile, signal }) {
      for (const { path } of all) names.check(path)
      const onDone = (file: DigestedFile) => {
        files.set(file.path, file)
        onFile()
      }
      await stageAll(all, { stager, pathOf, connections, onDone, signal })
    },
    contentOf(path, from, to) {
      if (from === to) return Readable.from([])
      const end = to === undefined ? undefined : to - 1
      return createReadStream(join(tree, path), { start: from, end, highWaterMark: 1024 * 1024 })
    },
    async putArchive(file, signal) {
      await onVolume('writing the archive', () => stager.stage(file, 'archive', signal))
    },
    forget(gone) {
      names.forget(gone)
      for (const name of gone) files.delete(name)
    },
    complete: ({ identity: of, revision, leftOut, folder = '' }) =>
      onVolume('completing the snapshot', async () => {
        const staged = sorted(below([...files.values()], folder))
        // There may be 100,000 of them.
        files.clear()
        const content: Manifest = {
          digest: digestOf(staged),
          identity: of,
          ...(revision !== undefined && { revision }),
          ...(leftOut !== undefined && { leftOut }),
          ...(claimUID !== undefined && { claimUID }),
          files: staged,
        }
        await reveal(volume, { work, tree: join(tree, folder) }, content)
        await journal.close()
        await rm(work, { recursive: true, force: true })
        return content
      }),
    async close() {
      await stager.close()
      await journal.close()
    },
  }
}

/** The files of a folder, by their path within it. */
function below(files: readonly DigestedFile[], folder: string): readonly DigestedFile[] {
  if (folder === '') return files
  const front = `${folder}/`
  return files
    .filter(({ path }) => path.startsWith(front))
    .map(file => ({ ...file, path: file.path.slice(front.length) }))
}

function pathOf({ path }: SourceFile): string {
  return `tree/${path}`
}
