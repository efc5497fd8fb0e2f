import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Volume } from './volume.ts'

/** The names of a snapshot. */
export interface Names {
  /** Compares a name with the others, and with what file systems accept. */
  check(name: string, options?: { replaces?: boolean }): void
  /** Lets others have these names. */
  forget(names: readonly string[]): void
}

export function checkNames({ caseSensitive }: Pick<Volume, 'caseSensitive'>): Names {
  const fold = caseSensitive ? (name: string) => name : (name: string) => name.toLowerCase()
  /** By the name as the volume sees it. There may be 100,000, so none has an object of its own. */
  const files = new Map<string, string>()
  const folders = new Map<string, string>()

  const check: Names['check'] = (name, { replaces = false } = {}) => {
    const problem = fileNameProblem(name)
    if (problem !== undefined) {
      const message = `the source has file ${quote(name)}, ${problem}`
      throw new HydrationError('FileNameInvalid', message, { file: name.slice(0, 1024) })
    }
    const folded = fold(name)
    const isReplaced = replaces && files.get(folded) === name
    const other = files.get(folded) ?? folders.get(folded)
    if (other !== undefined && !isReplaced) throw collide(name, other)
    files.set(folded, name)
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      const folder = name.slice(0, end)
      const at = fold(folder)
      const found = files.get(at) ?? folders.get(at) ?? folder
      if (files.has(at) || found !== folder) throw collide(name, found)
      folders.set(at, folder)
    }
  }
  return {
    check,
    forget(names) {
      for (const name of names) {
        files.delete(fold(name))
        folders.delete(fold(name))
      }
    },
  }
}

function collide(name: string, other: string): HydrationError {
  const message = `the source has ${quote(other)} and ${quote(name)}, which cannot both be on this volume; rename one, or exclude one`
  return new HydrationError('FileNamesCollide', message, { file: name.slice(0, 1024) })
}
