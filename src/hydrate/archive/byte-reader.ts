import type { ArchiveFile } from './archive-file.ts'

/** What somebody has already of a content, from one of its bytes to before another. */
export type Kept = (from: number, to: number) => AsyncIterable<Uint8Array>

/** Reads exact numbers of bytes from chunks of any size. */
export interface ByteReader {
  /** How many bytes were read so far. */
  readonly position: number
  /** Whether somebody needs all bytes. */
  readonly isWatched: boolean
  /** The next `length` bytes; undefined at the end of the input. Throws if the input ends in between. */
  take(length: number): Promise<Buffer | undefined>
  /** The next `length` bytes, as they come. Throws if the input ends before. */
  stream(length: number): AsyncGenerator<Uint8Array>
  /** Skips so many bytes. If the caller has them, and they are many, they are not fetched. */
  skip(length: number, kept?: Kept): Promise<void>
  /** Everything up to the end of the input, as it comes. */
  chunks(): AsyncGenerator<Uint8Array>
  /** Reads to the end of the input, and drops it. */
  drain(): Promise<void>
  /** Ends the input. */
  close(): Promise<void>
}

export interface Watcher {
  /** Called with all bytes, in order. Those that are skipped come from whoever has them. */
  update?: ((chunk: Uint8Array) => void) | undefined
  /** Called with how many bytes were read or skipped. */
  onBytes?: ((bytes: number) => void) | undefined
}

/** To start at another place costs as much as to read on for a second. */
const FAR_BYTES = 64 * 1024 * 1024

/** Reads a source of bytes once, in order. */
export function createByteReader(
  source: Pick<ArchiveFile, 'from' | 'isSeekable'>,
  { update, onBytes }: Watcher = {},
): ByteReader {
  let input = source.from(0)[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()
  let position = 0

  const next = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const { value, done } = await input.next()
      if (done) return false
      update?.(value)
      onBytes?.(value.length)
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

  /** Goes on at another place. What lies between comes from whoever has it. */
  const seek = async (length: number, kept: Kept) => {
    const known = rest.length
    if (update !== undefined) for await (const chunk of kept(known, length)) update(chunk)
    await input.return?.()
    onBytes?.(length - known)
    position += length
    rest = new Uint8Array()
    input = source.from(position)[Symbol.asyncIterator]()
  }

  return {
    get position() {
      return position
    },
    isWatched: update !== undefined,
    stream,
    async take(length) {
      if (!(await next())) return undefined
      const parts: Uint8Array[] = []
      for await (const part of stream(length)) parts.push(part)
      return Buffer.concat(parts)
    },
    async skip(length, kept) {
      if (source.isSeekable && kept !== undefined && length - rest.length > FAR_BYTES)
        return seek(length, kept)
      for await (const _ of stream(length));
    },
    async *chunks() {
      for (; await next(); rest = new Uint8Array()) {
        position += rest.length
        yield rest
      }
    },
    async drain() {
      rest = new Uint8Array()
      while (await next()) rest = new Uint8Array()
    },
    async close() {
      await input.return?.()
    },
  }
}
