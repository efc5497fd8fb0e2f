import type { Peers } from './peers.ts'

/** A source that is slower than this over so much time is not worth waiting for. */
export interface Pace {
  bytesPerSecond: number
  overMs: number
}

/** The source keeps the connection open with a few bytes now and then. */
export class TooSlow extends Error {
  override name = 'TooSlow'
}

/** Other connections are much faster, so another one may be as well. */
export class LeftBehind extends Error {
  override name = 'LeftBehind'
}

/** A connection is compared with others over this time. */
const COMPARED_MS = 10_000

/** Counts what comes while we wait for it. */
function newWindow() {
  return { bytes: 0, ms: 0 }
}

/**
 * The same chunks. Only the time counts in which we wait for the source: a slow disk is not its fault.
 *
 * @throws TooSlow if the source keeps the connection open with a few bytes now and then; LeftBehind if
 * `peers` are much faster.
 */
export async function* atPace(
  chunks: AsyncIterable<Uint8Array>,
  { bytesPerSecond, overMs }: Pace,
  { peers, now = performance.now.bind(performance) }: { peers?: Peers | undefined; now?: () => number } = {},
): AsyncGenerator<Uint8Array> {
  let long = newWindow()
  let short = newWindow()
  let since = now()
  const count = (bytes: number) => {
    const ms = now() - since
    for (const window of [long, short]) {
      window.bytes += bytes
      window.ms += ms
    }
  }
  for await (const chunk of chunks) {
    count(chunk.length)
    if (long.ms >= overMs) {
      if (long.bytes < (bytesPerSecond * long.ms) / 1000)
        throw new TooSlow(`it sent ${long.bytes} bytes in ${Math.round(long.ms / 1000)} s`)
      long = newWindow()
    }
    if (short.ms >= COMPARED_MS) {
      if (peers?.isBehind(short.bytes, short.ms))
        throw new LeftBehind(`it sent ${short.bytes} bytes in ${Math.round(short.ms / 1000)} s`)
      peers?.note(short.bytes, short.ms)
      short = newWindow()
    }
    yield chunk
    since = now()
  }
  peers?.note(short.bytes, short.ms)
}
