import { LARGE_BYTES } from '../fetch/opened.ts'
import { runPool, type Task } from '../fetch/pool.ts'
import type { SourceFile } from '../sources/source.ts'
import type { DigestedFile } from './digest.ts'
import { onVolume } from './on-volume.ts'
import { bySlowness } from './part.ts'
import type { PartedWork } from './part-tasks.ts'
import type { LargeFile, PartedFile } from './parted-file.ts'
import type { Stager } from './stager.ts'

export interface StageAll {
  stager: Stager
  /** Where a file goes. */
  pathOf(file: SourceFile): string
  connections: number
  onDone(file: DigestedFile): void
  signal: AbortSignal
}

/** Stages files side by side, large ones in parts, and the largest first. */
export async function stageAll(
  files: readonly SourceFile[],
  { stager, pathOf, connections, onDone, signal }: StageAll,
): Promise<void> {
  const opened: PartedFile[] = []
  const onOpen = (file: PartedFile) => opened.push(file)
  const large: Work[] = []
  const tasksOf = async (file: SourceFile, doing: string): Promise<readonly Task[]> => {
    const path = pathOf(file)
    if (!stager.takesParts || !isLarge(file))
      return [async either => onDone(await stager.stage(file, path, either))]
    const work = await stager.parted(file, path, { onOpen, onDone, signal })
    if (work !== undefined) large.push({ doing, work })
    return work?.tasks ?? []
  }
  try {
    const ofFiles: Task[][] = []
    for (const file of largestFirst(files)) {
      const doing = `writing ${file.path}`
      const tasks = await onVolume(doing, () => tasksOf(file, doing))
      ofFiles.push(tasks.map(task => named(doing, task)))
    }
    // Writers of the same file block each other, and its hash needs its parts in order, so each connection
    // has a file of its own as long as there are enough.
    await runPool(interleaved(ofFiles, connections), connections, signal, () => help(large))
  } finally {
    for (const file of opened) await file.close()
  }
}

/** The work on a large file, and what to say of it. */
interface Work {
  doing: string
  work: PartedWork
}

/** Whoever ends last decides when all is done, so that one is helped. */
function help(large: readonly Work[]): Task | undefined {
  const now = performance.now()
  const slow = large.flatMap(({ doing, work }) => work.slow().map(part => ({ doing, work, part })))
  const [slowest] = slow.toSorted((one, other) => bySlowness(one.part, other.part, now))
  return slowest && named(slowest.doing, slowest.work.help(slowest.part))
}

function named(doing: string, task: Task): Task {
  return signal => onVolume(doing, () => task(signal))
}

/** Takes one item from each list in turn, `width` lists at a time. */
function interleaved<T>(lists: readonly T[][], width: number): T[] {
  return lists.flatMap((_, index) => {
    if (index % width !== 0) return []
    const group = lists.slice(index, index + width)
    const length = Math.max(...group.map(list => list.length))
    return Array.from({ length }, (_, turn) => group.flatMap(list => list.slice(turn, turn + 1))).flat()
  })
}

function isLarge(file: SourceFile): file is LargeFile {
  return file.hasRanges === true && file.size !== undefined && file.size > LARGE_BYTES
}

/** Whoever begins last decides when all is done, so the small ones come last. */
function largestFirst(files: readonly SourceFile[]): SourceFile[] {
  const sizeOf = ({ size = Number.POSITIVE_INFINITY }: SourceFile) => size
  return files.toSorted((one, other) =>
    sizeOf(other) > sizeOf(one) ? 1 : sizeOf(other) < sizeOf(one) ? -1 : 0,
  )
}
