import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { SourceFile } from './sources/source.ts'
import { layoutOf } from './volume/layout.ts'
import type { Volume } from './volume/volume.ts'

export const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex')

/** A volume that belongs to a claim, and to us. */
export function aVolume(folder: string, given: Partial<Volume> = {}): Volume {
  return {
    layout: layoutOf(folder),
    caseSensitive: true,
    writesAnywhere: true,
    writesDirectly: false,
    renamesFolders: true,
    claimUID: 'uid-of-the-claim',
    confirm: async () => {},
    ...given,
  }
}

/** A file of a source, and where each read started. */
export function aFile(path: string, content: string | Buffer, given: Partial<SourceFile> = {}) {
  const bytes = Buffer.from(content)
  const opened: number[] = []
  const file: SourceFile = {
    path,
    size: bytes.length,
    identity: 'v1',
    async open({ from, to }) {
      opened.push(from)
      return { from, content: chunks(bytes.subarray(from, to)) }
    },
    ...given,
  }
  return { ...file, opened }
}

export async function* chunks(bytes: Uint8Array, size = 1 << 18): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Every file below a folder, by its path within it. */
export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    files.map(async path => [relative(folder, path), await readFile(path, 'utf8')]),
  )
  return Object.fromEntries(texts)
}
