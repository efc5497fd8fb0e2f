import { createHash, type Hash } from 'node:crypto'
import type { Checksum } from '../checksum.ts'
import type { SourceFile } from '../sources/source.ts'
import { startChecksum } from './running-checksum.js'

/** The hashes of a file, computed as its bytes are read in order. */
export interface Checksums {
  update(chunk: Uint8Array): void
  /** Ends them. */
  digest(): FileHashes
  /** Whether only a guess can be wrong, which does not count if the same bytes come twice. */
  readonly isGuess: boolean
  /** What is wrong with a file of those hashes, as the end of a sentence. */
  problem(found: FileHashes): string | undefined
}

export interface FileHashes {
  sha256: string
  gitBlob: string | undefined
  /** By the algorithm of the checksum that the source claims. */
  checksum: string | undefined
}

/**
 * Starts the hashes that the source gives for a file, and SHA-256, which identifies the file in snapshots.
 * `claimed` is what it says as it sends the file.
 */
export async function startChecksums(file: SourceFile, claimed?: Checksum): Promise<Checksums> {
  const sha256 = createHash('sha256')
  let gitBlob: Hash | undefined
  if (file.gitBlob !== undefined && file.size !== undefined)
    gitBlob = createHash('sha1').update(`blob ${file.size}\0`)
  const expected = { ...file, checksum: claimed ?? file.checksum }
  const other = expected.checksum && (await startChecksum(expected.checksum))
  return {
    update(chunk) {
      sha256.update(chunk)
      gitBlob?.update(chunk)
      other?.update(chunk)
    },
    digest: () => ({
      sha256: sha256.digest('hex'),
      gitBlob: gitBlob?.digest('hex'),
      checksum: other?.digest().toString('hex'),
    }),
    isGuess: expected.checksum?.isGuess === true && file.sha256 === undefined,
    problem: found => checksumProblem(expected, found),
  }
}

/** What is wrong with a file of those hashes, as the end of a sentence. */
export function checksumProblem(
  file: Pick<SourceFile, 'sha256' | 'isGiven' | 'gitBlob' | 'checksum'>,
  { sha256, gitBlob, checksum }: FileHashes,
): string | undefined {
  if (file.sha256 !== undefined && file.sha256 !== sha256)
    return `has SHA-256 ${sha256}, but ${file.isGiven ? 'the ModelCache' : 'its source'} says ${file.sha256}`
  if (gitBlob !== undefined && gitBlob !== file.gitBlob)
    return `is git blob ${gitBlob}, but its source says ${file.gitBlob}`
  if (checksum !== undefined && checksum !== file.checksum?.value)
    return `has ${file.checksum?.algorithm} ${checksum}, but its source says ${file.checksum?.value}`
  return undefined
}
