/** Bytes of a file from its source. */
export interface Opened {
  /** The offset of the first byte: the requested one, or 0 if the source cannot start in the middle. */
  from: number
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
