import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from '../sources/source.ts'
import { createBlockwise } from './blockwise.ts'
import { sha256Of } from './compare.ts'
import type { DigestedFile } from './digest.ts'
import { type OnBytes, writeFile } from './file-writer.ts'
import type { FileState, Journal } from './journal.ts'
import { type PartedWork, partTasks } from './part-tasks.ts'
import { type LargeFile, openPartedFile, type PartedFile, planParts } from './parted-file.ts'
import { prefixOf } from './ranges.ts'
import type { SharedFile } from './share.ts'
import type { Volume } from './volume.ts'

export interface StagerOptions {
  /** The folder of the work. */
  work: string
  journal: Journal
  volume: Pick<Volume, 'claimUID' | 'confirm' | 'writesAnywhere' | 'writesDirectly'>
  onBytes: OnBytes
  connections: number
  /** The files that are there already, as links to those of another snapshot. */
  shared: ReadonlyMap<string, SharedFile>
}

/** Puts files into the folder of the work, and notes them in the journal. `path` is relative to it. */
export interface Stager {
  /** Fetches a file in one piece, or believes what an earlier run completed. */
  stage(file: SourceFile, path: string, signal: AbortSignal): Promise<DigestedFile>
  /** Whether the volume takes parts of files side by side. */
  readonly takesParts: boolean
  /** What does the same with a large file, whose parts come side by side. */
  parted(file: LargeFile, path: string, options: PartOptions): Promise<PartedWork | undefined>
  /** Ends the thread of the hash. */
  close(): Promise<void>
}

export interface PartOptions {
  /** Called with each file that is opened, to be closed at the end whatever happens. */
  onOpen(file: PartedFile): void
  onDone(file: DigestedFile): void
  signal: AbortSignal
}

export function createStager({ work, journal, volume, onBytes, connections, shared }: StagerOptions): Stager {
  const { claimUID, confirm, writesAnywhere, writesDirectly } = volume
  const blockwise = createBlockwise(connections, writesDirectly)
  const recordOf = (path: string) => (state: FileState) => journal.record(path, state)

  /**
   * The file that another snapshot has, or that an earlier run completed. Without a claim, nobody can tell
   * who ran it.
   */
  const completed = async (
    file: SourceFile,
    path: string,
    signal: AbortSignal,
  ): Promise<DigestedFile | undefined> => {
    const link = shared.get(path)
    if (link !== undefined) {
      onBytes(link.size)
      return { path: file.path, ...link }
    }
    const known = journal.state(path)
    if (known?.sha256 === undefined || !describes(known, file)) return undefined
    const { ranges, sha256 } = known
    const size = prefixOf(ranges)
    const target = join(work, path)
    const found = await lstat(target).catch(() => undefined)
    if (found?.size !== size) return undefined
    if (claimUID === undefined && (await sha256Of(target, { signal })) !== sha256) return undefined
    onBytes(size)
    return { path: file.path, size, sha256 }
  }
  /** What an earlier run left unfinished. */
  const unfinished = (path: string) => {
    const known = journal.state(path)
    return known?.sha256 === undefined ? known : undefined
  }
  const write = async (
    file: SourceFile,
    path: string,
    given: { known?: FileState | undefined; wrong?: string | undefined; signal: AbortSignal },
  ): Promise<DigestedFile> => {
    const record = recordOf(path)
    const writing = { known: undefined, ...given, record, confirm, onBytes, writesAnywhere, blockwise }
    const { size, sha256 } = await writeFile(join(work, path), file, writing)
    await record({ ranges: [[0, size]], identity: file.identity, sha256 })
    return { path: file.path, size, sha256 }
  }

  return {
    takesParts: writesAnywhere,
    close: () => blockwise.hasher.close(),
    async stage(file, path, signal) {
      return (await completed(file, path, signal)) ?? write(file, path, { known: unfinished(path), signal })
    },
    async parted(file, path, { onOpen, onDone, signal }) {
      const whole = await completed(file, path, signal)
      if (whole !== undefined) {
        onDone(whole)
        return undefined
      }
      const target = join(work, path)
      const record = recordOf(path)
      const plan = await planParts(target, file, unfinished(path))
      return partTasks(plan.parts, {
        async open() {
          const opened = await openPartedFile(target, file, { plan, record, confirm, onBytes, blockwise })
          onOpen(opened)
          return opened
        },
        async inOnePiece(again, wrong) {
          onBytes(-(await written()))
          onDone(await write(file, path, { wrong, signal: again }))
        },
        async done(sha256) {
          const { size, identity } = file
          await record({ ranges: [[0, size]], identity, sha256 })
          onDone({ path: file.path, size, sha256 })
        },
      })
      function written() {
        const { ranges = [] } = journal.state(path) ?? {}
        return ranges.reduce((sum, [from, to]) => sum + to - from, 0)
      }
    },
  }
}

/** Whether the journal describes the wanted file. */
function describes(known: FileState, file: SourceFile): boolean {
  if (known.identity !== file.identity || file.identity === undefined) return false
  return file.sha256 === undefined || file.sha256 === known.sha256
}
