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
    problem: found => checksumProblem(file, { sha256: found, gitBlob: gitBlob?.digest('hex') }),
  }
}

/** What is wrong with a file of those hashes, as the end of a sentence. */
export function checksumProblem(
  file: SourceFile,
  { sha256, gitBlob }: { sha256: string; gitBlob: string | undefined },
): string | undefined {
  if (file.sha256 !== undefined && file.sha256 !== sha256)
    return `has SHA-256 ${sha256}, but its source says ${file.sha256}`
  if (gitBlob !== undefined && gitBlob !== file.gitBlob)
    return `is git blob ${gitBlob}, but its source says ${file.gitBlob}`
  return undefined
}
