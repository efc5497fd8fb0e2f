/** A source that is slower than this over so much time is not worth waiting for. */
export interface Pace {
  bytesPerSecond: number
  overMs: number
}

/** The source keeps the connection open with a few bytes now and then. */
export class TooSlow extends Error {
  override name = 'TooSlow'
}

/**
 * The same chunks. Only the time counts in which we wait for the source: a slow disk is not its fault.
 *
 * @throws TooSlow if the source keeps the connection open with a few bytes now and then.
 */
export async function* atPace(
  chunks: AsyncIterable<Uint8Array>,
  { bytesPerSecond, overMs }: Pace,
  now: () => number = performance.now.bind(performance),
): AsyncGenerator<Uint8Array> {
  let waited = 0
  let bytes = 0
  let since = now()
  for await (const chunk of chunks) {
    waited += now() - since
    bytes += chunk.length
    if (waited >= overMs) {
      if (bytes < (bytesPerSecond * waited) / 1000)
        throw new TooSlow(`it sent ${bytes} bytes in ${Math.round(waited / 1000)} s`)
      waited = 0
      bytes = 0
    }
    yield chunk
    since = now()
  }
}
