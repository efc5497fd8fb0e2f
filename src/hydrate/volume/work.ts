import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { SourceFile } from '../sources/source.ts'
import { type DigestedFile, digestOf, sorted } from './digest.ts'
import { FOLDER_MODE } from './durable.ts'
import { type OnBytes, writeFile } from './file-writer.ts'
import { type FileState, openJournal } from './journal.ts'
import type { Layout } from './layout.ts'
import { isWhole, type Manifest } from './manifest.ts'
import { checkNames } from './names.ts'
import { onVolume } from './on-volume.ts'
import type { Volume } from './probe.ts'
import { reveal } from './publish.ts'
import { prefixOf } from './ranges.ts'

/** A snapshot in progress. Nobody sees it until it is complete. */
export interface Snapshot {
  /** Where the file of an archive is kept until it is unpacked. */
  readonly archive: string
  /** Writes a file, continues where an earlier run stopped, and checks what the source says about it. */
  put(file: SourceFile, signal: AbortSignal): Promise<void>
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
  layout: Layout,
  volume: Volume,
  identity: string,
  onBytes: OnBytes = () => {},
): Promise<Snapshot> {
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 32)
  const work = layout.workOf(key)
  const tree = join(work, 'tree')
  const archive = join(work, 'archive')
  await onVolume('making room for the snapshot', async () => {
    const others = (await readdir(layout.work).catch(() => [])).filter(name => name !== key)
    for (const name of others) await rm(join(layout.work, name), { recursive: true, force: true })
    await mkdir(tree, { recursive: true, mode: FOLDER_MODE })
  })
  const journal = await onVolume('opening the journal', () => openJournal(join(work, 'journal')))
  const checkName = checkNames(volume)
  const files: DigestedFile[] = []

  const put = async (file: SourceFile, path: string, signal: AbortSignal): Promise<DigestedFile> => {
    const known = journal.state(path)
    const whole = known && (await isComplete(join(work, path), file, known)) ? known : undefined
    if (whole?.sha256 !== undefined) {
      const size = prefixOf(whole.ranges)
      onBytes(size)
      return { path: file.path, size, sha256: whole.sha256 }
    }
    const target = join(work, path)
    const record = (state: FileState) => journal.record(path, state)
    const { size, sha256 } = await writeFile(target, file, { known, record, onBytes, signal })
    await record({ ranges: [[0, size]], identity: file.identity, sha256 })
    return { path: file.path, size, sha256 }
  }

  return {
    archive,
    async put(file, signal) {
      checkName(file.path)
      files.push(await onVolume(`writing ${file.path}`, () => put(file, `tree/${file.path}`, signal)))
    },
    async putArchive(file, signal) {
      await onVolume('writing the archive', () => put(file, 'archive', signal))
    },
    complete: ({ identity: of, revision, leftOut }) =>
      onVolume('completing the snapshot', async () => {
        const content: Manifest = {
          digest: digestOf(files),
          identity: of,
          ...(revision !== undefined && { revision }),
          ...(leftOut !== undefined && { leftOut }),
          files: sorted(files),
        }
        await reveal(layout, work, tree, content)
        await journal.close()
        await rm(work, { recursive: true, force: true })
        return content
      }),
    close: () => journal.close(),
  }
}

/** Whether the journal describes the wanted file, and the file exists. */
async function isComplete(path: string, file: SourceFile, known: FileState): Promise<boolean> {
  if (known.sha256 === undefined || known.identity !== file.identity || file.identity === undefined)
    return false
  if (file.sha256 !== undefined && file.sha256 !== known.sha256) return false
  return isWhole(dirname(path), [{ path: basename(path), size: prefixOf(known.ranges), sha256: '' }])
}
