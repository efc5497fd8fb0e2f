import { createHash } from 'node:crypto'
import type { SourceFile } from '../sources/source.ts'
import { startChecksum } from './running-checksum.js'

/** The hashes of a file, computed as its bytes are read in order. */
export interface Checksums {
  update(chunk: Uint8Array): void
  /** Ends them. */
  digest(): FileHashes
}

export interface FileHashes {
  sha256: string
  gitBlob: string | undefined
  /** By the algorithm of the checksum that the source claims. */
  checksum: string | undefined
}

/** What the source says about the bytes of a file. */
export type Claims = Pick<SourceFile, 'size' | 'sha256' | 'isGiven' | 'gitBlob' | 'checksum'>

/** Starts the hashes that the source gives, and SHA-256, which identifies the file in snapshots. */
export async function startChecksums({ size, gitBlob, checksum }: Claims): Promise<Checksums> {
  const sha256 = createHash('sha256')
  const blob =
    gitBlob !== undefined && size !== undefined ? createHash('sha1').update(`blob ${size}\0`) : undefined
  const other = checksum && (await startChecksum(checksum))
  return {
    update(chunk) {
      sha256.update(chunk)
      blob?.update(chunk)
      other?.update(chunk)
    },
    digest: () => ({
      sha256: sha256.digest('hex'),
      gitBlob: blob?.digest('hex'),
      checksum: other?.digest().toString('hex'),
    }),
  }
}

/** What is wrong with a file of those hashes, as the end of a sentence. */
export function checksumProblem(
  file: Omit<Claims, 'size'>,
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
