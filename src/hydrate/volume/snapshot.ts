import { createHash, type Hash } from 'node:crypto'
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileNameProblem } from '../../api/file-name.ts'
import { quote } from '../../api/wording.ts'
import { HydrationError, volumeFault } from '../failure.ts'
import type { SourceFile } from '../sources/source.ts'
import { type DigestedFile, digestOf, sorted } from './digest.ts'
import { FOLDER_MODE, syncFolder, writeDurably } from './durable.ts'
import { type FileState, openJournal } from './journal.ts'
import type { Layout } from './layout.ts'
import { isWhole, type Manifest, readManifest, writeManifest } from './manifest.ts'
import type { Volume } from './probe.ts'

/** After so many bytes they are brought onto the disk, and noted: what a kill costs at the most. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024
const FILE_MODE = 0o444

/** Told of bytes that are written, or that were there already. */
export type OnBytes = (bytes: number) => void

/** A snapshot on its way. Nobody sees it before it is complete. */
export interface Snapshot {
  /** Where the file of an archive is kept until it is unpacked. */
  readonly archive: string
  /** Writes a file, goes on where an earlier run stopped, and checks what the source says of it. */
  put(file: SourceFile, signal: AbortSignal): Promise<void>
  /** Fetches the archive itself, in the same way. */
  putArchive(file: SourceFile, signal: AbortSignal): Promise<void>
  /** Makes the snapshot appear, by one rename, and removes all that was for the way there. */
  complete(about: {
    identity: string
    revision?: string | undefined
    leftOut?: number | undefined
  }): Promise<Manifest>
  close(): Promise<void>
}

/**
 * Opens the work for the source of that identity, and takes up what an earlier run has left of it. Work for other sources is removed: there
 * is one writer, and this is it.
 */
export async function openSnapshot(
  layout: Layout,
  volume: Volume,
  identity: string,
  onBytes: OnBytes = () => {},
): Promise<Snapshot> {
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 32)
  const work = layout.workOf(key)
  const tree = join(work, 'tree')
  const archive = join(work, 'archive')
  await onVolume('making room for the snapshot', async () => {
    const others = (await readdir(layout.work).catch(() => [])).filter(name => name !== key)
    for (const name of others) await rm(join(layout.work, name), { recursive: true, force: true })
    await mkdir(tree, { recursive: true, mode: FOLDER_MODE })
  })
  const journal = await onVolume('opening the journal', () => openJournal(join(work, 'journal')))
  const checkName = checkNames(volume)
  const files: DigestedFile[] = []

  const put = async (file: SourceFile, path: string, signal: AbortSignal): Promise<DigestedFile> => {
    const known = journal.state(path)
    const whole = known && (await isComplete(join(work, path), file, known)) ? known : undefined
    if (whole?.sha256 !== undefined) {
      onBytes(whole.bytes)
      return { path: file.path, size: whole.bytes, sha256: whole.sha256 }
    }
    const target = join(work, path)
    const record = (state: FileState) => journal.record(path, state)
    const { size, sha256 } = await write(target, file, { known, record, onBytes, signal })
    await record({ bytes: size, identity: file.identity, sha256 })
    return { path: file.path, size, sha256 }
  }

  return {
    archive,
    async put(file, signal) {
      checkName(file.path)
      files.push(await onVolume(`writing ${file.path}`, () => put(file, `tree/${file.path}`, signal)))
    },
    async putArchive(file, signal) {
      await onVolume('writing the archive', () => put(file, 'archive', signal))
    },
    complete: ({ identity: of, revision, leftOut }) =>
      onVolume('completing the snapshot', async () => {
        const content: Manifest = {
          digest: digestOf(files),
          identity: of,
          ...(revision !== undefined && { revision }),
          ...(leftOut !== undefined && { leftOut }),
          files: sorted(files),
        }
        await reveal(layout, work, tree, content)
        await journal.close()
        await rm(work, { recursive: true, force: true })
        return content
      }),
    close: () => journal.close(),
  }
}

/** The rename, and the manifest after it. A run that is killed between the two is put right by the next. */
async function reveal(layout: Layout, work: string, tree: string, content: Manifest): Promise<void> {
  const target = layout.snapshot(content.digest)
  await syncTree(tree)
  await mkdir(dirname(target), { recursive: true })
  await chmod(dirname(target), FOLDER_MODE)
  await writeDurably(join(work, 'manifest.json'), JSON.stringify(content))
  if (await isWhole(target, content.files)) await rm(tree, { recursive: true, force: true })
  else {
    // What has that name and is not the snapshot was made by a kubelet, for a pod that was too early.
    await rm(target, { recursive: true, force: true })
    await rename(tree, target)
  }
  await syncFolder(dirname(target))
  await syncFolder(layout.volume)
  await writeManifest(layout, content)
}

/** Finishes what was killed between the rename of a snapshot and its manifest. */
export async function finishReveals(layout: Layout): Promise<void> {
  await onVolume('reading what an earlier run has left', async () => {
    for (const key of await readdir(layout.work).catch(() => [])) {
      const work = layout.workOf(key)
      const text = await open(join(work, 'manifest.json'), 'r').then(
        async handle => {
          try {
            return await handle.readFile('utf8')
          } finally {
            await handle.close()
          }
        },
        () => '',
      )
      const content = readManifest(text)
      if (content === undefined || !(await isWhole(layout.snapshot(content.digest), content.files))) continue
      await writeManifest(layout, content)
      await rm(work, { recursive: true, force: true })
    }
  })
}

interface Writing {
  known: FileState | undefined
  record: (state: FileState) => Promise<void>
  onBytes: OnBytes
  signal: AbortSignal
}

async function write(
  target: string,
  file: SourceFile,
  { known, record, onBytes, signal }: Writing,
): Promise<{ size: number; sha256: string }> {
  await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE })
  const goesOn = known !== undefined && known.sha256 === undefined && known.identity === file.identity
  const handle = await openToWrite(target)
  try {
    const kept = goesOn && file.identity !== undefined ? await keptBytes(handle, known.bytes) : 0
    const opened = await file.open(kept, signal)
    const hashes = startHashes(file)
    await handle.truncate(opened.from)
    await rehash(handle, opened.from, hashes)
    onBytes(opened.from)
    let at = opened.from
    let sure = at
    for await (const chunk of opened.content) {
      signal.throwIfAborted()
      if (file.size !== undefined && at + chunk.length > file.size)
        throw changed(file, `has more than ${file.size} bytes`)
      await writeAll(handle, chunk, at)
      hashes.update(chunk)
      at += chunk.length
      onBytes(chunk.length)
      if (at - sure >= CHECKPOINT_BYTES) {
        await handle.datasync()
        await record({ bytes: at, identity: file.identity, sha256: undefined })
        sure = at
      }
    }
    if (file.size !== undefined && at !== file.size) throw changed(file, `has ${at} bytes, not ${file.size}`)
    const sha256 = hashes.sha256()
    const problem = hashes.problem(sha256)
    if (problem !== undefined) {
      await handle.truncate(0)
      await record({ bytes: 0, identity: undefined, sha256: undefined })
      if (opened.from > 0) {
        // Its beginning may be from another day of the source.
        onBytes(-at)
        return await write(target, file, { known: undefined, record, onBytes, signal })
      }
      throw new HydrationError('ChecksumMismatch', `file ${quote(file.path)} ${problem}`, { file: file.path })
    }
    await handle.chmod(FILE_MODE)
    await handle.sync()
    return { size: at, sha256 }
  } finally {
    await handle.close()
  }
}

/** A file that an earlier run has completed is read-only, and is written again where it was not what it should be. */
async function openToWrite(target: string): Promise<FileHandle> {
  try {
    return await open(target, 'r+')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOENT' && code !== 'EACCES') throw error
    await rm(target, { force: true })
    return open(target, 'wx+', 0o644)
  }
}

async function keptBytes(handle: FileHandle, noted: number): Promise<number> {
  return Math.min(noted, (await handle.stat()).size)
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, at + written)
    written += bytesWritten
  }
}

async function rehash(handle: FileHandle, bytes: number, hashes: Hashes): Promise<void> {
  if (bytes === 0) return
  for await (const chunk of handle.createReadStream({ start: 0, end: bytes - 1, autoClose: false }))
    hashes.update(chunk)
}

interface Hashes {
  update(chunk: Uint8Array): void
  sha256(): string
  /** What is wrong with the file, as the end of a sentence. */
  problem(sha256: string): string | undefined
}

function startHashes(file: SourceFile): Hashes {
  const sha256 = createHash('sha256')
  let gitBlob: Hash | undefined
  if (file.gitBlob !== undefined && file.size !== undefined)
    gitBlob = createHash('sha1').update(`blob ${file.size}\0`)
  return {
    update(chunk) {
      sha256.update(chunk)
      gitBlob?.update(chunk)
    },
    sha256: () => sha256.digest('hex'),
    problem(found) {
      if (file.sha256 !== undefined && file.sha256 !== found)
        return `has SHA-256 ${found}, and its source says ${file.sha256}`
      const blob = gitBlob?.digest('hex')
      if (blob !== undefined && blob !== file.gitBlob)
        return `is git blob ${blob}, and its source says ${file.gitBlob}`
      return undefined
    },
  }
}

function changed(file: SourceFile, what: string): HydrationError {
  return new HydrationError(
    'SourceChanged',
    `file ${quote(file.path)} ${what}: the source has changed, or broke off`,
    {
      file: file.path,
    },
  )
}

/** Whether the journal speaks of the file that is meant now, and the file is there. */
async function isComplete(path: string, file: SourceFile, known: FileState): Promise<boolean> {
  if (known.sha256 === undefined || known.identity !== file.identity || file.identity === undefined)
    return false
  if (file.sha256 !== undefined && file.sha256 !== known.sha256) return false
  return isWhole(dirname(path), [
    { path: path.slice(dirname(path).length + 1), size: known.bytes, sha256: '' },
  ])
}

/** Brings all folders of a tree onto the disk, open to every reader whatever the umask; its files are there. */
async function syncTree(folder: string): Promise<void> {
  await chmod(folder, FOLDER_MODE)
  for (const found of await readdir(folder, { withFileTypes: true }))
    if (found.isDirectory()) await syncTree(join(folder, found.name))
  await syncFolder(folder)
}

/** Holds the names of a snapshot against one another, and each against what file systems take. */
function checkNames({ caseSensitive }: Volume): (name: string) => void {
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

async function onVolume<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw volumeFault(error, doing) ?? error
  }
}
