import { posix } from 'node:path'
import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { SourceFile } from '../sources/source.ts'
import type { Background } from './background.ts'
import type { Kept } from './byte-reader.ts'
import type { ArchiveEntry } from './entry.ts'
import { linkInvalid, resolveLinks } from './links.ts'
import { isMacMetadata, peek } from './mac-metadata.ts'

/** A file up to this size is read into memory, so that it is written while the next ones are read. */
const SMALL_BYTES = 1024 * 1024

/** Where the files of an archive go. */
export interface Planting {
  /** The identity of the archive. */
  identity: string
  /** How many folders to remove from the front of names. What has fewer is left out, as tar does. */
  stripComponents?: number | undefined
  /** Resolves when the file is written or is not needed. */
  put(file: SourceFile): Promise<void>
  /** What a file holds that was put. */
  contentOf(path: string, from: number, to?: number): AsyncIterable<Uint8Array>
}

/** The files of an archive, as they come. */
export interface Tree {
  take(entry: ArchiveEntry): Promise<void>
  /** Puts the files that wanted symbolic links stand for, once all others are there. */
  takeLinks(isWanted?: (name: string) => boolean): Promise<void>
  /** Forgets files and links that a later layer of an image removes. */
  forget(names: readonly string[]): void
  /** How many files there are. */
  files(): number
}

/** Puts files by the names that they have without the leading folders. */
export function createTree(
  { identity, put, contentOf, stripComponents = 0 }: Planting,
  background: Background,
): Tree {
  /** How large each file is, by its name in the archive. */
  const files = new Map<string, number>()
  const links = new Map<string, string>()
  let count = 0

  // An archive may have a name twice. Both are files of their own, and the last one stays.
  const nextIdentity = () => `${identity} ${++count}`

  const takeSmall = async (path: string, content: AsyncIterable<Uint8Array>) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(chunk)
    // A copy, because a chunk may be a view of a larger buffer, which would stay in memory.
    const whole = Buffer.concat(chunks)
    const file = aFile(path, whole.length, nextIdentity(), async function* (from) {
      yield whole.subarray(from)
    })
    await background.start(path, () => put(file))
  }
  const takeLarge = async (
    path: string,
    { size, open, leave }: Pick<ArchiveEntry, 'size' | 'open' | 'leave'>,
  ) => {
    await background.settle()
    const kept: Kept = (from, to) => contentOf(path, from, to)
    let isOpened = false
    const file = aFile(path, size, nextIdentity(), from => {
      isOpened = true
      return open(from, kept)
    })
    await put(file)
    if (!isOpened) await leave(kept)
  }
  const copy = async (name: string, target: string) => {
    const path = stripped(name, stripComponents)
    const from = stripped(target, stripComponents)
    const size = files.get(target)
    if (path === undefined || from === undefined || size === undefined) return
    await background.settle()
    await put(aFile(path, size, nextIdentity(), offset => contentOf(from, offset)))
    files.set(name, size)
  }
  const takeFile = async (name: string, { size, open, leave }: ArchiveEntry) => {
    const path = stripped(name, stripComponents)
    if (path === undefined || name.startsWith('__MACOSX/')) return
    let content = open
    if (posix.basename(name).startsWith('._')) {
      const peeked = await peek(open())
      if (isMacMetadata(name, peeked.start)) return
      content = () => peeked.content
    }
    links.delete(name)
    files.set(name, size)
    if (size <= SMALL_BYTES) await takeSmall(path, content())
    else await takeLarge(path, { size, open: content, leave })
  }

  return {
    async take(entry) {
      const name = plain(entry.name)
      const target = plain(entry.linkname)
      if (entry.type === 'folder') return
      if (entry.type === 'file') return takeFile(name, entry)
      if (entry.type === 'symlink') links.set(name, entry.linkname)
      else if (entry.type === 'device') throw device(name)
      else if (!files.has(target))
        throw linkInvalid(name, entry.linkname, 'which is no file that comes before it')
      // GNU tar writes such a link for a file that it was given twice.
      else if (name !== target) await copy(name, target)
    },
    async takeLinks(isWanted = () => true) {
      const wanted = [...links.keys()].filter(isWanted)
      for (const [name, target] of resolveLinks(wanted, links, file => files.has(file) && !links.has(file)))
        await copy(name, target)
    },
    forget(names) {
      for (const name of names) {
        files.delete(name)
        links.delete(name)
      }
    },
    files: () => files.size,
  }
}

function aFile(
  path: string,
  size: number,
  identity: string,
  read: (from: number) => AsyncIterable<Uint8Array>,
): SourceFile {
  const problem = fileNameProblem(path)
  if (problem !== undefined)
    throw new HydrationError('FileNameInvalid', `the archive has ${quote(path)}, ${problem}`, {
      file: path.slice(0, 1024),
    })
  return { path, size, identity, open: async ({ from }) => ({ from, content: read(from) }) }
}

/** Many archives start each name with `./`. */
function plain(name: string): string {
  return name.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
}

/** The path without so many leading folders; undefined if it has no more parts than that. */
function stripped(name: string, components: number): string | undefined {
  const parts = name.split('/')
  return parts.length > components ? parts.slice(components).join('/') : undefined
}

function device(name: string): HydrationError {
  const message = `the archive is rejected: entry ${quote(name)} is a device, which a snapshot cannot contain`
  return new HydrationError('ArchiveInvalid', message)
}
