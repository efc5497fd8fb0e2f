/** Bytes of a file from its source. */
export interface Opened {
  /** The offset of the first byte: what was asked for, or 0 where the source cannot begin in the middle. */
  from: number
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
