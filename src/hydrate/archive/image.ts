import { posix } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { createBackground } from './background.ts'
import { type ArchiveEntry, MAX_ENTRIES } from './entry.ts'
import { createLayeredNames } from './layered-names.ts'
import { SIDE_BY_SIDE, tooMany } from './plant.ts'
import { createTree, type Planting } from './tree.ts'

/** What a path has at most on Linux. */
const MAX_NAME = 4096
/** Removes a name of the layers below ("Whiteouts" of the image specification). */
const WHITEOUT = '.wh.'
/** Removes everything of the layers below in its folder. */
const OPAQUE = '.wh..wh..opq'
/** Other names of AUFS, which mean nothing. */
const OF_AUFS = '.wh..wh.'
export interface ImagePlanting extends Planting {
  /** The folder or file of the image to stage, such as /models. */
  path: string
  /** Forgets files that were put. */
  forget(names: readonly string[]): void
}

/** The files of a container image. */
export interface Image {
  /** Takes the entries of a layer, lowest first. */
  takeLayer(entries: AsyncIterable<ArchiveEntry>): Promise<void>
  /**
   * Puts the files that links stand for. Returns the folder that the snapshot is made of, '' for the root;
   * undefined if the image has nothing at that path.
   */
  finish(): Promise<string | undefined>
}

/**
 * Puts the files of an image as a container would see them, below one path: base images have devices and
 * links to folders, which nobody wants. Nothing in it is trusted: names and links stay within the image.
 */
export function createImage(planting: ImagePlanting): Image {
  const { forget } = planting
  const background = createBackground(SIDE_BY_SIDE)
  const tree = createTree(planting, background)
  const names = createLayeredNames()
  const path = nameOf(planting.path)
  let count = 0

  const isWanted = (name: string) => isWithin(name, path)
  /** What is above the path decides about it, too. */
  const isRelevant = (name: string) => isWanted(name) || isWithin(path, name)

  const drop = async (gone: readonly string[]) => {
    if (gone.length === 0) return
    await background.settle()
    tree.forget(gone)
    forget(gone)
  }
  const whiteout = async (folder: string, base: string) => {
    if (base === OPAQUE) return drop(isRelevant(folder) ? names.empty(folder) : [])
    const removed = joined(folder, base.slice(WHITEOUT.length))
    if (!base.startsWith(OF_AUFS) && isRelevant(removed)) await drop(names.remove(removed))
  }
  const takePlain = async (name: string, entry: ArchiveEntry) => {
    const isFolder = entry.type === 'folder'
    const isLink = entry.type === 'symlink'
    const { gone, under } = isFolder ? names.addFolder(name) : names.add(name, { isLink })
    if (under !== undefined) throw below(name, under)
    await drop(gone)
    if (isWanted(name)) await tree.take({ ...entry, name, linkname: linkOf(entry, name) })
  }
  const takeEntry = async (entry: ArchiveEntry) => {
    const name = nameOf(entry.name)
    if (name.length > MAX_NAME) throw tooLong(name)
    const [folder, base] = [posix.dirname(name).replace(/^\.$/, ''), posix.basename(name)]
    if (base.startsWith(WHITEOUT)) return whiteout(folder, base)
    if (name === '' || !isRelevant(name)) return
    if (++count > MAX_ENTRIES) throw tooMany()
    await takePlain(name, entry)
  }
  const takeAll = async (entries: AsyncIterable<ArchiveEntry>) => {
    for await (const entry of entries) await takeEntry(entry)
    await background.settle()
    names.nextLayer()
  }

  return {
    takeLayer: entries =>
      takeAll(entries).catch(async (error: unknown) => {
        // Nothing may write after this.
        await background.settle().catch(() => {})
        throw error
      }),
    async finish() {
      await tree.takeLinks()
      if (tree.files() === 0) return undefined
      // The path may be that of a file.
      return names.hasFolder(path) ? path : posix.dirname(path).replace(/^\.$/, '')
    },
  }
}

/** Whether a name is a place or below it. Everything is below the root. */
function isWithin(name: string, place: string): boolean {
  return place === '' || name === place || name.startsWith(`${place}/`)
}

/** The name within the image. As in a container, nothing is above its root. */
function nameOf(name: string): string {
  return posix.normalize(`/${name}`).replace(/^\/+|\/+$/g, '')
}

/** Where a link leads to, relative to the link, as a container would see it. */
function linkOf({ type, linkname }: ArchiveEntry, name: string): string {
  if (type === 'link') return nameOf(linkname)
  if (type !== 'symlink') return linkname
  const folder = posix.dirname(`/${name}`)
  return posix.relative(folder, posix.resolve(folder, linkname))
}

function joined(folder: string, base: string): string {
  return folder === '' ? base : `${folder}/${base}`
}

function tooLong(name: string): HydrationError {
  const message = `the image has ${quote(name)}, which has more than ${MAX_NAME} characters`
  return new HydrationError('FileNameInvalid', message)
}

function below(name: string, link: string): HydrationError {
  const message = `the image has ${quote(name)}, which is below the link ${quote(link)}; put the files in the folder itself`
  return new HydrationError('ArchiveInvalid', message, { file: name })
}
