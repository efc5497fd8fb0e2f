import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { errorMessage } from '../api/schema/text.ts'
import type { Problem } from '../review/manifest.ts'
import { type Input, readManifests } from '../review/read-manifests.ts'

/**
 * Reads manifests from files, from folders and their subfolders (`.yaml`, `.yml` and `.json`, sorted, without
 * hidden ones), and from standard input for `-`. It goes through all of them even if some cannot be read.
 */
export async function readInput(paths: readonly string[], namespace: string): Promise<Input> {
  const input: Input = { manifests: [], problems: [] }
  const take = ({ manifests, problems }: Partial<Input>) => {
    for (const manifest of manifests ?? []) input.manifests.push(manifest)
    for (const problem of problems ?? []) input.problems.push(problem)
  }
  const seen = new Set<string>()
  for (const path of paths) {
    const files = filesAt(path)
    if (!Array.isArray(files)) take({ problems: [files] })
    else
      for (const file of files.filter(name => !seen.has(name))) {
        seen.add(file)
        take(await readFile(file, namespace))
      }
  }
  if (input.manifests.length + input.problems.length === 0)
    take({ problems: [{ file: paths.join(' '), message: 'it contains no objects' }] })
  return input
}

const STDIN = '-'
const MANIFEST = /\.(ya?ml|json)$/

/** The files at a path, or why there are none. */
function filesAt(path: string): string[] | Problem {
  if (path === STDIN) return [path]
  try {
    if (!statSync(path).isDirectory()) return [path]
    const files = filesBelow(path)
    return files.length > 0 ? files : { file: path, message: 'it contains no .yaml, .yml or .json file' }
  } catch (error) {
    return unreadable(path, error)
  }
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'))
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      // We do not follow a link to a folder: it may lead in a circle.
      return MANIFEST.test(entry.name) && statSync(path).isFile() ? [path] : []
    })
}

async function readFile(file: string, namespace: string): Promise<Partial<Input>> {
  try {
    const content = file === STDIN ? await text(process.stdin) : readFileSync(file, 'utf8')
    return readManifests(file === STDIN ? 'stdin' : file, content, namespace)
  } catch (error) {
    return { problems: [unreadable(file, error)] }
  }
}

function unreadable(file: string, error: unknown): Problem {
  return { file, message: `cannot be read: ${errorMessage(error)}` }
}
