import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of a repository at a commit. */
export interface HubFile {
  path: string
  /** The URL of its bytes. */
  file: string
  size: number
  sha256: string
  gitBlob: string
  /** Whether git has only a pointer to it. */
  isLfs: boolean
}

/**
 * The Hub's default: these files are on large file storage whatever their size, and so is every file over 10
 * MB.
 */
const LFS = /\.(safetensors|bin|pt|pth|h5|msgpack|gguf|model)$/
const LFS_BYTES = 10_000_000

/** All files below a folder, by their names. */
export async function hubFiles(folder: string): Promise<HubFile[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = found.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const files: HubFile[] = []
  // One by one, because a process may only open so many at a time.
  for (const file of paths.toSorted()) files.push(await hubFile(folder, file))
  return files
}

async function hubFile(folder: string, file: string): Promise<HubFile> {
  const { size } = await stat(file)
  const path = file.slice(folder.length + 1)
  const sha256 = createHash('sha256')
  const gitBlob = createHash('sha1').update(`blob ${size}\0`)
  for await (const chunk of createReadStream(file)) {
    sha256.update(chunk)
    gitBlob.update(chunk)
  }
  return {
    path,
    file,
    size,
    sha256: sha256.digest('hex'),
    gitBlob: gitBlob.digest('hex'),
    isLfs: LFS.test(path) || size > LFS_BYTES,
  }
}

/** The name of a commit with these files. */
export function commitOf(repo: string, files: readonly HubFile[]): string {
  const content = JSON.stringify([repo, files.map(({ path, sha256 }) => [path, sha256])])
  return createHash('sha1').update(content).digest('hex')
}

/** A file as the listing shows it. */
export function entryOf({ path, size, sha256, gitBlob, isLfs }: HubFile): object {
  if (!isLfs) return { type: 'file', path, size, oid: gitBlob }
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`
  return {
    type: 'file',
    path,
    size,
    oid: createHash('sha1').update(`blob ${pointer.length}\0${pointer}`).digest('hex'),
    lfs: { oid: sha256, size, pointerSize: pointer.length },
  }
}
