import { createHash } from 'node:crypto'

/** A file of a snapshot, as its digest counts it. */
export interface DigestedFile {
  path: string
  size: number
  /** 64 hexadecimal digits. */
  sha256: string
}

/**
 * The identity of a tree of files: SHA-256 over one line for each, `path NUL size NUL sha256 LF`, sorted by the bytes
 * of the path. Equal content gives the same digest, wherever it came from and on whatever volume it lies.
 */
export function digestOf(files: readonly DigestedFile[]): string {
  const hash = createHash('sha256')
  for (const { path, size, sha256 } of sorted(files)) hash.update(`${path}\0${size}\0${sha256}\n`)
  return `sha256:${hash.digest('hex')}`
}

/** In the order that the digest has. */
export function sorted(files: readonly DigestedFile[]): DigestedFile[] {
  return files.toSorted((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)))
}
