/** A content from one of its bytes on. What comes before is read and dropped. */
export async function* fromOffset(
  content: AsyncIterable<Uint8Array>,
  offset: number,
): AsyncGenerator<Uint8Array> {
  let skip = offset
  for await (const chunk of content) {
    const skipped = Math.min(skip, chunk.length)
    skip -= skipped
    if (skipped < chunk.length) yield chunk.subarray(skipped)
  }
}
