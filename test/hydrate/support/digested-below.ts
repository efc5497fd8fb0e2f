import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { sha256 } from '../../../src/hydrate/fixtures.ts'
import type { DigestedFile } from '../../../src/hydrate/volume/digest.ts'

/** Every file below a folder as a digest counts it now. */
export async function digestedBelow(folder: string): Promise<DigestedFile[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.map(async path => {
      const content = await readFile(path)
      return { path: relative(folder, path), size: content.length, sha256: sha256(content) }
    }),
  )
}
