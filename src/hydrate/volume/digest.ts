import { createHash } from 'node:crypto'

/** A file of a snapshot, as the digest counts it. */
export interface DigestedFile {
  path: string
  size: number
  /** 64 hexadecimal digits. */
  sha256: string
}

/**
 * The identity of a tree of files: SHA-256 over one line for each file, `path NUL size NUL sha256 LF`, sorted
 * by the bytes of the path. Equal content has the same digest, from any source and on any volume.
 */
export function digestOf(files: readonly DigestedFile[]): string {
  const hash = createHash('sha256')
  for (const { path, size, sha256 } of sorted(files)) hash.update(`${path}\0${size}\0${sha256}\n`)
  return `sha256:${hash.digest('hex')}`
}

/** Sorted in the order of the digest. */
export function sorted(files: readonly DigestedFile[]): DigestedFile[] {
  // Texts compare by UTF-16, which is another order only where there are surrogates. Bytes take much memory.
  if (files.some(({ path }) => SURROGATE.test(path)))
    return files.toSorted((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)))
  return files.toSorted((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0))
}

const SURROGATE = /[\ud800-\udfff]/
