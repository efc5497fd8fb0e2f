import { posix } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { createBackground } from './background.ts'
import { DamagedArchive } from './damage.ts'
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
/** Where images that carry a model have it, by the convention of KServe's modelcars. */
const MODELS = 'models'

export interface ImagePlanting extends Planting {
  /** The folder or file of the image to stage. Default: /models if there is one, or else everything. */
  path: string | undefined
  /** Forgets files that were put. */
  forget(names: readonly string[]): void
}

/** The files of a container image. */
export interface Image {
  /** Takes the entries of a layer, lowest first. */
  takeLayer(entries: AsyncIterable<ArchiveEntry>): Promise<void>
  /** Puts the files that links stand for. Returns the folder that the snapshot is made of; '' for all. */
  finish(): Promise<string>
}

/**
 * Puts the files of an image as a container would see them. Nothing in it is trusted: names and links stay
 * within the image. What is wrong with an entry counts only if the entry is staged: base images have devices
 * and links to folders.
 */
export function createImage(planting: ImagePlanting): Image {
  const { forget } = planting
  const background = createBackground(SIDE_BY_SIDE)
  const tree = createTree(planting, background)
  const names = createLayeredNames()
  const path = planting.path?.replace(/^\/+|\/+$/g, '')
  let problem: HydrationError | undefined
  let count = 0

  const isWithin = (name: string, place: string) =>
    place === '' || name === place || name.startsWith(`${place}/`)
  /** Whether an entry may be staged, as far as we know before the last layer. */
  const isWanted = (name: string) => path === undefined || isWithin(name, path)
  /** Whether an entry is certainly staged. */
  const isSure = (name: string) => isWithin(name, path ?? MODELS)

  const drop = async (gone: readonly string[]) => {
    if (gone.length === 0) return
    await background.settle()
    tree.forget(gone)
    forget(gone)
  }
  const note = (name: string, error: HydrationError) => {
    if (isSure(name)) throw error
    problem ??= error
  }
  const whiteout = async (folder: string, base: string) => {
    if (base === OPAQUE) await drop(names.empty(folder))
    else if (!base.startsWith(OF_AUFS)) await drop(names.remove(joined(folder, base.slice(WHITEOUT.length))))
  }
  const takePlain = async (name: string, entry: ArchiveEntry) => {
    const { type } = entry
    const isLink = type === 'symlink'
    const { gone, under } = type === 'folder' ? names.addFolder(name) : names.add(name, { isLink })
    if (under !== undefined) return note(name, below(name, under))
    await drop(gone)
    if (!isWanted(name)) return
    try {
      await tree.take({ ...entry, name, linkname: linkOf(entry, name) })
    } catch (error) {
      if (!isOfEntry(error)) throw error
      note(name, error)
    }
  }
  const takeEntry = async (entry: ArchiveEntry) => {
    const name = nameOf(entry.name)
    if (name === '') return
    if (name.length > MAX_NAME) return note(name.slice(0, MAX_NAME), tooLong(name))
    const [folder, base] = [posix.dirname(name).replace(/^\.$/, ''), posix.basename(name)]
    await (base.startsWith(WHITEOUT) ? whiteout(folder, base) : takePlain(name, entry))
  }

  const takeAll = async (entries: AsyncIterable<ArchiveEntry>) => {
    for await (const entry of entries) {
      if (++count > MAX_ENTRIES) throw tooMany()
      await takeEntry(entry)
    }
    await background.settle()
    names.nextLayer()
  }
  const folderOf = (): string => {
    if (path === undefined) return names.hasFolder(MODELS) ? MODELS : ''
    if (names.hasFolder(path)) return path
    const folder = posix.dirname(path)
    return folder === '.' ? '' : folder
  }

  return {
    takeLayer: entries =>
      takeAll(entries).catch(async (error: unknown) => {
        // Nothing may write after this.
        await background.settle().catch(() => {})
        throw error
      }),
    async finish() {
      const folder = folderOf()
      if (path === undefined && folder === '' && problem !== undefined) throw unfit(problem)
      await tree
        .takeLinks(name => isWithin(name, path ?? folder))
        .catch((error: unknown) => {
          throw path === undefined && isOfEntry(error) ? unfit(error) : error
        })
      if (tree.files() === 0) throw nothing(planting.path)
      return folder
    },
  }
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

/** What is wrong with an entry, and not with the archive, its source or the volume. */
function isOfEntry(error: unknown): error is HydrationError {
  if (!(error instanceof HydrationError) || error instanceof DamagedArchive) return false
  return error.reason === 'ArchiveInvalid' || error.reason === 'FileNameInvalid'
}

function unfit({ reason, message, file }: HydrationError): HydrationError {
  const fix = 'if this is not part of the model, set spec.artifact.source.oci.path to the folder that is'
  return new HydrationError(reason, `${message}; ${fix}`, file === undefined ? {} : { file })
}

function nothing(path: string | undefined): HydrationError {
  const message =
    path === undefined ? 'the image has no files' : `the image has nothing at ${quote(path)}; correct path`
  return new HydrationError('SourceNotFound', message)
}

function tooLong(name: string): HydrationError {
  const message = `the image has ${quote(name)}, which has more than ${MAX_NAME} characters`
  return new HydrationError('FileNameInvalid', message)
}

function below(name: string, link: string): HydrationError {
  const message = `the image has ${quote(name)}, which is below the link ${quote(link)}; put the files in the folder itself`
  return new HydrationError('ArchiveInvalid', message, { file: name })
}
