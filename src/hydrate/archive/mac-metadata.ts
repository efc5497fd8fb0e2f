import { posix } from 'node:path'

/** AppleDouble, and AppleSingle (RFC 1740). */
const MAGIC = [0x00, 0x05, 0x16]

/**
 * Whether an entry is what macOS puts beside a file, its attributes: `._NAME`, in a zip within `__MACOSX/`.
 * The first bytes tell it from a file that is only named so.
 */
export function isMacMetadata(path: string, start: Uint8Array): boolean {
  return posix.basename(path).startsWith('._') && MAGIC.every((byte, index) => start[index] === byte)
}

/** The first chunk of a content, and the whole of it. */
export async function peek(
  content: AsyncIterable<Uint8Array>,
): Promise<{ start: Uint8Array; content: AsyncIterable<Uint8Array> }> {
  const chunks = content[Symbol.asyncIterator]()
  const first = await chunks.next()
  const start = first.done ? new Uint8Array() : first.value
  async function* whole() {
    yield start
    for (;;) {
      const next = await chunks.next()
      if (next.done) return
      yield next.value
    }
  }
  return { start, content: whole() }
}
