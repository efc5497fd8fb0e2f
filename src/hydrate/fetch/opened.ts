import type { Checksum } from '../checksum.ts'

/** Bytes of a file from its source. */
export interface Opened {
  /** The offset of the first byte: the requested one, or 0 if the source cannot start in the middle. */
  from: number
  /** What the source claims for the whole file, if it says so only now. */
  checksum?: Checksum | undefined
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** A part of a file. */
export interface WantedRange {
  from: number
  to?: number | undefined
  /** What came before was damaged on its way, so come another way. */
  fresh?: boolean | undefined
}

/** A larger file comes in parts. A smaller one takes a connection no more than a second. */
export const LARGE_BYTES = 16 * 1024 * 1024

/** A file that can be read from where it is. */
export interface RemoteFile {
  /** Path within the snapshot. */
  path: string
  /** Bytes; undefined if the source does not tell before it is read. */
  size: number | undefined
  /** Whether `open` can start anywhere, as far as the source says, so that parts come side by side. */
  hasRanges?: boolean | undefined
  /**
   * Starts to read at `from`, and ends before `to` or at the end of the file. A source that cannot start in
   * the middle starts at 0, and so may one whose bytes have changed. The caller reads the result to its end
   * or aborts the signal.
   */
  open(range: WantedRange, signal: AbortSignal): Promise<Opened>
}
