import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder examples/, with a slash at its end. */
export const GALLERY = fileURLToPath(new URL('../../../examples/', import.meta.url))

/** A file of a case, with its own comment. By default it is accepted without a message. */
export interface Example {
  /** Below examples/. */
  path: string
  announces?: Announcement
}

/** The first line of an example that is denied or gets a warning: `# Denied: Reason.`, `# Warns: Reason.` */
export interface Announcement {
  kind: 'Denied' | 'Warns'
  /** What to do with the file. */
  verb: 'apply' | 'delete'
  reason: string
  /** The message that it promises, in one line. */
  message: string
}

/** A folder with YAML files, in the order of `kubectl apply -f`. */
export interface Case {
  /** Below examples/. */
  path: string
  files: Example[]
}

/** A chart, which Helm renders. charts.test.ts installs it. */
const CHART = 'helm-chart/'

/** Every file below examples/, except the chart. */
export function filesOfGallery(): string[] {
  return readdirSync(GALLERY, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(GALLERY.length).replace(/^\//, ''))
    .filter(path => !path.startsWith(CHART))
    .toSorted()
}

/** Every folder of examples/ that has YAML files. */
export function casesOfGallery(): Case[] {
  const files = filesOfGallery().filter(path => path.endsWith('.yaml'))
  return [...Map.groupBy(files, dirname)].map(([path, members]) => ({
    path,
    files: members.map(readExample),
  }))
}

function readExample(path: string): Example {
  const lines = readFileSync(GALLERY + path, 'utf8').split('\n')
  const comment = lines.slice(
    0,
    lines.findIndex(line => !line.startsWith('#')),
  )
  const [, kind, verb, reason] =
    /^# (Denied|Warns)(?: by kubectl (delete))?: (\w+)\./.exec(comment[0] ?? '') ?? []
  if ((kind !== 'Denied' && kind !== 'Warns') || reason === undefined) return { path }
  // The message follows the quoted command, indented and wrapped like it.
  const command = comment.findIndex(line => line.startsWith('#     $ '))
  const quoted = command === -1 ? [] : comment.slice(command + 1)
  const message = quoted.map(line => line.slice(1).trim()).join(' ')
  return { path, announces: { kind, verb: verb === 'delete' ? 'delete' : 'apply', reason, message } }
}

/** The reason that names a folder of denied/ or warned/, in kebab case. */
export function folderOf(reason: string): string {
  return reason.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()
}

/** The last part of the path of a case. */
export function nameOf({ path }: Case): string {
  return basename(path)
}
