import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from '../sources/source.ts'
import { entriesBelow, sha256Of } from './compare.ts'
import { type DigestedFile, digestOf, sorted } from './digest.ts'
import { FOLDER_MODE } from './durable.ts'
import { type OnBytes, writeFile } from './file-writer.ts'
import { type FileState, openJournal } from './journal.ts'
import type { Manifest } from './manifest.ts'
import { checkNames } from './names.ts'
import { onVolume } from './on-volume.ts'
import { reveal } from './publish.ts'
import { prefixOf } from './ranges.ts'
import { bytesBelow } from './space.ts'
import type { Volume } from './volume.ts'

/** A snapshot in progress. Nobody sees it until it is complete. */
export interface Snapshot {
  /** Where the file of an archive is kept until it is unpacked. */
  readonly archive: string
  /** Bytes that an earlier run has left. */
  bytes(): Promise<number>
  /**
   * Writes a file, continues where an earlier run stopped, and checks what the source says about it. If it
   * `replaces`, it may have the name of an earlier one.
   */
  put(file: SourceFile, signal: AbortSignal, options?: { replaces?: boolean }): Promise<void>
  /** Fetches the archive itself, in the same way. */
  putArchive(file: SourceFile, signal: AbortSignal): Promise<void>
  /** Makes the snapshot appear by a single rename, and removes everything that was needed on the way. */
  complete(about: {
    identity: string
    revision?: string | undefined
    leftOut?: number | undefined
  }): Promise<Manifest>
  close(): Promise<void>
}

/**
 * Opens the work for the source of that identity, with what an earlier run left of it. Work for other sources
 * is removed, because this is the only writer.
 */
export async function openSnapshot(
  volume: Volume,
  identity: string,
  onBytes: OnBytes = () => {},
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
    const others = (await readdir(layout.work).catch(() => [])).filter(name => name !== key)
    for (const name of others) await rm(join(layout.work, name), { recursive: true, force: true })
    await mkdir(tree, { recursive: true, mode: FOLDER_MODE })
    // A link could lead our writes out of the tree.
    for await (const { path, isFile } of entriesBelow(work)) if (!isFile) await rm(join(work, path))
  })
  const journal = await onVolume('opening the journal', () => openJournal(join(work, 'journal')))
  const checkName = checkNames(volume)
  const files = new Map<string, DigestedFile>()

  const put = async (file: SourceFile, path: string, signal: AbortSignal): Promise<DigestedFile> => {
    const known = journal.state(path)
    const target = join(work, path)
    const whole = known && describes(known, file) ? await complete(target, known, signal) : undefined
    if (whole !== undefined) {
      onBytes(whole.size)
      return { path: file.path, ...whole }
    }
    const record = (state: FileState) => journal.record(path, state)
    const { size, sha256 } = await writeFile(target, file, {
      known: known?.sha256 === undefined ? known : undefined,
      record,
      confirm,
      onBytes,
      signal,
    })
    await record({ ranges: [[0, size]], identity: file.identity, sha256 })
    return { path: file.path, size, sha256 }
  }

  /** The file that an earlier run completed. Without a claim, nobody can tell who ran it. */
  const complete = async (target: string, { ranges, sha256 }: FileState, signal: AbortSignal) => {
    const size = prefixOf(ranges)
    const found = await lstat(target).catch(() => undefined)
    if (sha256 === undefined || found?.size !== size) return undefined
    if (claimUID === undefined && (await sha256Of(target, { signal })) !== sha256) return undefined
    return { size, sha256 }
  }

  return {
    archive,
    bytes: () => bytesBelow(work),
    async put(file, signal, options) {
      checkName(file.path, options)
      const written = await onVolume(`writing ${file.path}`, () => put(file, `tree/${file.path}`, signal))
      files.set(file.path, written)
    },
    async putArchive(file, signal) {
      await onVolume('writing the archive', () => put(file, 'archive', signal))
    },
    complete: ({ identity: of, revision, leftOut }) =>
      onVolume('completing the snapshot', async () => {
        const content: Manifest = {
          digest: digestOf([...files.values()]),
          identity: of,
          ...(revision !== undefined && { revision }),
          ...(leftOut !== undefined && { leftOut }),
          ...(claimUID !== undefined && { claimUID }),
          files: sorted([...files.values()]),
        }
        await reveal(volume, work, content)
        await journal.close()
        await rm(work, { recursive: true, force: true })
        return content
      }),
    close: () => journal.close(),
  }
}

/** Whether the journal describes the wanted file. */
function describes(known: FileState, file: SourceFile): boolean {
  if (known.sha256 === undefined || known.identity !== file.identity || file.identity === undefined)
    return false
  return file.sha256 === undefined || file.sha256 === known.sha256
}
