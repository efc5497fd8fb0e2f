import { quote, UNPRINTABLE } from '../../api/wording.ts'

const unprintable = new RegExp(UNPRINTABLE, 'u')

const LIMIT_BYTES = 256 * 1024
const MAX_SEGMENT_BYTES = 255

/** What is wrong with the names and the contents of inline files, each as the end of a sentence; empty: nothing. */
export function inlineFileProblems(files: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(files)
  const problems = names.flatMap(name => {
    const problem = nameProblem(name)
    return problem === undefined ? [] : [`has file name ${quote(name)}, ${problem}`]
  })
  if (names.length === 0) problems.push('has no file; name one, or use another source')
  const taken = new Map<string, string>()
  for (const name of names) {
    const other = taken.get(name.toLowerCase())
    if (other !== undefined) {
      problems.push(
        `has ${quote(other)} and ${quote(name)}, which are one file on volumes that ignore case; rename one`,
      )
    }
    taken.set(name.toLowerCase(), name)
  }
  for (const name of names) {
    const folder = foldersOf(name).find(path => taken.has(path.toLowerCase()))
    if (folder !== undefined) {
      problems.push(`has ${quote(folder)} both as a file and as the folder of another; rename one`)
    }
  }
  const bytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
  if (bytes > LIMIT_BYTES) {
    problems.push(
      `has ${bytes} bytes of content, more than 256 KiB; use a ConfigMap of your own, or one of the other sources`,
    )
  }
  return problems
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith('/')) return 'which is absolute; name it relative to the mount path'
  const segments = name.split('/')
  if (segments.some(segment => ['', '.', '..'].includes(segment))) {
    return 'which has an empty part, "." or ".."; write it in its plain form, such as templates/chat.jinja'
  }
  if (unprintable.test(name)) return 'which has control or invisible characters; rename it'
  if (segments.some(segment => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    return 'of which a part is longer than 255 bytes; no file system takes it'
  }
  return undefined
}

/** `a/b/c` lies in `a` and in `a/b`. The schema bounds the length of a name, and so how many there are. */
function foldersOf(name: string): string[] {
  const folders: string[] = []
  for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1))
    folders.push(name.slice(0, end))
  return folders
}
