/**
 * Memory that threads share and that begins at a page, as direct I/O needs it. Other buffers begin at any
 * multiple of 16. V8 maps whole pages for a buffer that could grow, even if this one cannot.
 */
export function alignedMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes, { maxByteLength: bytes })
}
