import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Volume } from './volume.ts'

/** Compares the names of a snapshot with one another, and with what file systems accept. */
export function checkNames({
  caseSensitive,
}: Pick<Volume, 'caseSensitive'>): (name: string, options?: { replaces?: boolean }) => void {
  const fold = caseSensitive ? (name: string) => name : (name: string) => name.toLowerCase()
  /** Each name as the volume sees it, and whether it is a file or a folder. */
  const taken = new Map<string, { name: string; isFile: boolean }>()

  return (name, { replaces = false } = {}) => {
    const problem = fileNameProblem(name)
    if (problem !== undefined) {
      const message = `the source has file ${quote(name)}, ${problem}`
      throw new HydrationError('FileNameInvalid', message, { file: name.slice(0, 1024) })
    }
    const other = taken.get(fold(name))
    const isReplaced = replaces && other?.isFile === true && other.name === name
    if (other !== undefined && !isReplaced) throw collide(name, other.name)
    taken.set(fold(name), { name, isFile: true })
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      const folder = name.slice(0, end)
      const found = taken.get(fold(folder))
      if (found !== undefined && (found.isFile || found.name !== folder)) throw collide(name, found.name)
      taken.set(fold(folder), { name: folder, isFile: false })
    }
  }
}

function collide(name: string, other: string): HydrationError {
  const message = `the source has ${quote(other)} and ${quote(name)}, which cannot both be on this volume; rename one, or exclude one`
  return new HydrationError('FileNamesCollide', message, { file: name.slice(0, 1024) })
}
