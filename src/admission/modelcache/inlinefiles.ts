const LIMIT_BYTES = 256 * 1024
const MAX_SEGMENT_BYTES = 255
/** As the schema of the CRD has it. */
const MAX_FILES = 64

/** What is wrong with the names and the contents of inline files, each as the end of a sentence; empty: nothing. */
export function inlineFileProblems(files: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(files)
  const problems = names.flatMap(name => {
    const problem = nameProblem(name)
    return problem === undefined ? [] : [`has file name ${JSON.stringify(name.slice(0, 80))}, ${problem}`]
  })
  if (names.length === 0) problems.push('has no file; name one, or use another source')
  if (names.length > MAX_FILES) {
    problems.push(
      `has ${names.length} files, more than ${MAX_FILES}; use a ConfigMap of your own, or an archive`,
    )
  }
  const taken = new Map<string, string>()
  for (const name of names) {
    const other = taken.get(name.toLowerCase())
    if (other !== undefined) {
      problems.push(
        `has ${JSON.stringify(other)} and ${JSON.stringify(name)}, which are one file on volumes that ignore case; rename one`,
      )
    }
    taken.set(name.toLowerCase(), name)
  }
  for (const name of names) {
    const folder = foldersOf(name).find(path => taken.has(path.toLowerCase()))
    if (folder !== undefined) {
      problems.push(`has ${JSON.stringify(folder)} both as a file and as the folder of another; rename one`)
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
  if (name.includes('\0')) return 'which has a NUL character; no file can have one'
  if (segments.some(segment => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    return 'of which a part is longer than 255 bytes; no file system takes it'
  }
  return undefined
}

/** `a/b/c` lies in `a` and in `a/b`. */
function foldersOf(name: string): string[] {
  const segments = name.split('/')
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'))
}
