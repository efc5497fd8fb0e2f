import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Volume } from './probe.ts'

/** Holds the names of a snapshot against one another, and each against what file systems take. */
export function checkNames({ caseSensitive }: Volume): (name: string) => void {
  const fold = caseSensitive ? (name: string) => name : (name: string) => name.toLowerCase()
  /** What each name is, file or folder, under the name that the volume has for it. */
  const taken = new Map<string, { name: string; isFile: boolean }>()

  return name => {
    const problem = fileNameProblem(name)
    if (problem !== undefined) {
      const message = `the source has file ${quote(name)}, ${problem}`
      throw new HydrationError('FileNameInvalid', message, { file: name.slice(0, 1024) })
    }
    const other = taken.get(fold(name))
    if (other !== undefined) throw collide(name, other.name)
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
  const message = `the source has ${quote(other)} and ${quote(name)}, which cannot both be on this volume; rename one, or leave one out by exclude`
  return new HydrationError('FileNamesCollide', message, { file: name.slice(0, 1024) })
}
