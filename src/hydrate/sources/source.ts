import type { ModelCache } from '../../api/modelcache.ts'
import type { Http } from '../fetch/http.ts'
import type { Opened } from '../fetch/opened.ts'

/** One file that belongs into the snapshot. */
export interface SourceFile {
  /** Within the snapshot. */
  path: string
  /** Bytes; undefined where the source does not say before it is read. */
  size: number | undefined
  /** The same as long as the bytes are the same, such as an ETag; undefined where the source has no such thing. */
  identity: string | undefined
  /** What the source says that its bytes hash to, in hexadecimal digits. */
  sha256?: string | undefined
  /** SHA-1 of the file as a git blob, in hexadecimal digits. */
  gitBlob?: string | undefined
  /**
   * Begins to read at `from`, and ends before `to`, or with the file. A source that cannot begin in the middle begins
   * at 0, and so may one whose bytes have changed. What it gives is read to its end, or the signal aborts.
   */
  open(range: { from: number; to?: number | undefined }, signal: AbortSignal): Promise<Opened>
}

/** A source, once it is known which bytes it stands for. */
export interface Resolved {
  /** The same text for sources that give the same bytes; credentials are no part of it. */
  identity: string
  /** What a tag or branch points at. */
  revision?: string | undefined
  /** Asked only where the volume has no snapshot of that identity. */
  list(): Promise<Listing>
}

/** What a source holds. */
export interface Listing {
  files: readonly SourceFile[]
  /** The one file is an archive, and what is in it belongs into the snapshot. */
  archive?: 'tar' | 'tar.gz' | 'zip' | undefined
  /** Files that were left out because others hold the same weights. */
  leftOut?: number | undefined
}

/** What a source may use. */
export interface SourceContext {
  source: NonNullable<ModelCache['spec']['artifact']['source']>
  /** Reads a key of the Secret of the source; undefined where the source names no Secret. */
  secret(ref: { name: string; key: string } | undefined): Promise<string | undefined>
  /** The folder with the files of a ConfigMap. */
  configMap(name: string): string
  /** The hub of sources that name none. */
  huggingFaceEndpoint: string
  http: Http
  signal: AbortSignal
}
