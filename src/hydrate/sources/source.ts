import type { ModelCache } from '../../api/modelcache.ts'
import type { Checksum } from '../checksum.ts'
import type { Http } from '../fetch/http.ts'
import type { RemoteFile } from '../fetch/opened.ts'

/** One file that belongs in the snapshot. */
export interface SourceFile extends RemoteFile {
  /**
   * A text that stays the same as long as the bytes do, such as an ETag; undefined if the source has none.
   */
  identity: string | undefined
  /** The hash that the source claims for the bytes, in hexadecimal digits. */
  sha256?: string | undefined
  /** Whether the ModelCache claims that hash, and not the source. */
  isGiven?: boolean | undefined
  /** SHA-1 of the file as a git blob, in hexadecimal digits. */
  gitBlob?: string | undefined
  /** Any other checksum that the source claims. */
  checksum?: Checksum | undefined
}

/** A source once we know which bytes it stands for. */
export interface Resolved {
  /** The same text for sources that give the same bytes. Credentials do not count. */
  identity: string
  /** The commit or digest that a tag or branch points to. */
  revision?: string | undefined
  /** Called only if the volume has no snapshot of that identity. */
  list(): Promise<Listing>
}

/** How many of the first bytes of a file tell an archive: more than a block of zstd. */
export const START_BYTES = 256 * 1024

/** A file that may be an archive. */
export interface MaybeArchive {
  /** Reads its first bytes, which tell whether it is one. */
  start(): Promise<Buffer>
  /** The author says that it is one, whatever its name is. */
  kind?: 'tar' | 'zip'
  /** Folders to remove from the front of names. */
  stripComponents?: number | undefined
}

/** How an archive is compressed as a whole. A zip compresses each of its files instead. */
export type Compression = 'gzip' | 'zstd'

/** A tar archive whose files belong in the snapshot. */
export interface PackedFiles {
  file: SourceFile
  compression: Compression | undefined
}

/** Why a file is left out: by the author's patterns, or because another file holds the same weights. */
export const LEFT_OUT = {
  notIncluded: 'no pattern of include matches it',
  excluded: 'a pattern of exclude matches it',
  duplicate: 'other files hold the same weights',
} as const

export interface LeftOut {
  path: string
  why: keyof typeof LEFT_OUT
}

/** What a source holds. */
export interface Listing {
  files: readonly SourceFile[]
  /** Set for a single file that may be an archive. */
  archive?: MaybeArchive | undefined
  /** Archives whose files belong in the snapshot beside the others. */
  packed?: readonly PackedFiles[] | undefined
  /**
   * The archives are the layers of a container image, lowest first: each changes what those before it have.
   */
  image?: { path: string | undefined } | undefined
  /** Files that the source has and the snapshot does not get. */
  leftOut?: readonly LeftOut[] | undefined
}

/** What a source may use. */
export interface SourceContext {
  source: NonNullable<ModelCache['spec']['artifact']['source']>
  /** Reads a key of the source's Secret; undefined if the source names no Secret. */
  secret(ref: { name: string; key: string } | undefined): Promise<string | undefined>
  /** Reads the first of these keys that a Secret has; undefined if it has none of them. */
  secretKey(name: string, keys: readonly string[]): Promise<string | undefined>
  /** The folder with the files of a ConfigMap. */
  configMap(name: string): string
  /** The folder where a claim is mounted. */
  claim(name: string): string
  /** The hub for sources without `endpoint`. */
  huggingFaceEndpoint: string
  http: Http
  signal: AbortSignal
}
