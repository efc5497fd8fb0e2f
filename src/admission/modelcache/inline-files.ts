import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'

const LIMIT_BYTES = 256 * 1024

/**
 * What is wrong with the names and the contents of inline files, each as the end of a sentence. Empty if all
 * is well.
 */
export function inlineFileProblems(files: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(files)
  const problems = names.flatMap(name => {
    const problem = fileNameProblem(name)
    return problem === undefined ? [] : [`has file name ${quote(name)}, ${problem}`]
  })
  if (names.length === 0) problems.push('has no file; add one, or use another source')
  const taken = new Map<string, string>()
  for (const name of names) {
    const other = taken.get(name.toLowerCase())
    if (other !== undefined) {
      problems.push(
        `has ${quote(other)} and ${quote(name)}, which are the same file on volumes that ignore case; rename one`,
      )
    }
    taken.set(name.toLowerCase(), name)
  }
  for (const name of names) {
    const folder = foldersOf(name).find(path => taken.has(path.toLowerCase()))
    if (folder !== undefined) {
      problems.push(`has ${quote(folder)} both as a file and as the folder of another file; rename one`)
    }
  }
  const bytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
  if (bytes > LIMIT_BYTES) {
    problems.push(`has ${bytes} bytes of content, more than 256 KiB; use a ConfigMap, or another source`)
  }
  return problems
}

/**
 * `a/b/c` lies in `a` and in `a/b`. The schema bounds the length of a name, and with it the number of
 * folders.
 */
function foldersOf(name: string): string[] {
  const folders: string[] = []
  for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1))
    folders.push(name.slice(0, end))
  return folders
}
