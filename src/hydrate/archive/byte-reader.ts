/** Reads exact numbers of bytes from chunks of any size. */
export interface ByteReader {
  /** How many bytes were read so far. */
  readonly position: number
  /** The next `length` bytes; undefined at the end of the input. Throws if the input ends in between. */
  take(length: number): Promise<Buffer | undefined>
  /** The next `length` bytes, as they come. Throws if the input ends before. */
  stream(length: number): AsyncGenerator<Uint8Array>
  /** Reads so many bytes, and drops them. */
  skip(length: number): Promise<void>
  /** Reads to the end of the input, and drops it. */
  drain(): Promise<void>
}

/** Reads a source of bytes once, in order. */
export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()
  let position = 0

  const next = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const { value, done } = await chunks.next()
      if (done) return false
      rest = value
    }
    return true
  }

  async function* stream(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (!(await next())) throw new Error('it is cut off')
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      position += part.length
      yield part
    }
  }

  return {
    get position() {
      return position
    },
    stream,
    async take(length) {
      if (!(await next())) return undefined
      const parts: Uint8Array[] = []
      for await (const part of stream(length)) parts.push(part)
      return Buffer.concat(parts)
    },
    async skip(length) {
      for await (const _ of stream(length));
    },
    async drain() {
      rest = new Uint8Array()
      while (await next()) rest = new Uint8Array()
    },
  }
}
