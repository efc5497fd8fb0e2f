import { createHash, type Hash } from 'node:crypto'
import type { SourceFile } from '../sources/source.ts'

/** The hashes of a file, computed as its bytes are read in order. */
export interface Checksums {
  update(chunk: Uint8Array): void
  sha256(): string
  /** What is wrong with the file, as the end of a sentence. */
  problem(sha256: string): string | undefined
}

/**
 * Starts the hashes that the source gives for a file, and SHA-256, which identifies the file in snapshots.
 */
export function startChecksums(file: SourceFile): Checksums {
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
        return `has SHA-256 ${found}, but its source says ${file.sha256}`
      const blob = gitBlob?.digest('hex')
      if (blob !== undefined && blob !== file.gitBlob)
        return `is git blob ${blob}, but its source says ${file.gitBlob}`
      return undefined
    },
  }
}
