import { finished, type Readable } from 'node:stream'

/**
 * Yields the chunks of a stream as they arrived. The iterator of a Readable would join waiting chunks, which
 * copies them. If the caller stops early, the stream is destroyed.
 */
export async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  const waiting: Uint8Array[] = []
  let end: { error?: Error | null | undefined } | undefined
  let wake = () => {}
  const stop = finished(stream, { writable: false }, error => {
    end = { error }
    wake()
  })
  stream.on('data', (chunk: Uint8Array) => {
    waiting.push(chunk)
    stream.pause()
    wake()
  })
  try {
    for (;;) {
      const chunk = waiting.shift()
      if (chunk !== undefined) {
        yield chunk
      } else if (end !== undefined) {
        if (end.error) throw end.error
        return
      } else {
        const woken = new Promise<void>(resolve => {
          wake = resolve
        })
        stream.resume()
        await woken
      }
    }
  } finally {
    stop()
    stream.on('error', () => {}).destroy()
  }
}
