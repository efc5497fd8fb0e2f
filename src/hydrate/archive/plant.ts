import { HydrationError } from '../failure.ts'
import { createBackground } from './background.ts'
import { type ArchiveEntry, MAX_ENTRIES } from './entry.ts'
import { createTree, type Planting } from './tree.ts'

/** How many small files are written at a time. */
export const SIDE_BY_SIDE = 16

/**
 * Takes the entries of an archive that stands for itself. Nothing in it is trusted: names and links stay
 * within the tree, devices are rejected, and so is an archive without files.
 */
export async function plant(planting: Planting, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  const background = createBackground(SIDE_BY_SIDE)
  const tree = createTree(planting, background)
  let count = 0
  try {
    for await (const entry of entries) {
      if (++count > MAX_ENTRIES) throw tooMany()
      await tree.take(entry)
    }
    await background.settle()
    await tree.takeLinks()
  } catch (error) {
    // Nothing may write after this.
    await background.settle().catch(() => {})
    throw error
  }
  if (tree.files() === 0) throw invalid('it has no files')
}

export function tooMany(): HydrationError {
  return invalid(`it has more than ${MAX_ENTRIES} entries`)
}

function invalid(message: string): HydrationError {
  return new HydrationError('ArchiveInvalid', `the archive is rejected: ${message}`)
}
