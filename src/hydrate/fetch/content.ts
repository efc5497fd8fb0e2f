import { HydrationError } from '../failure.ts'
import { decodedBody } from './encoding.ts'
import { shown, unreachable } from './rejection.ts'
import type { Reply } from './reply.ts'

/**
 * The whole content of a small answer.
 *
 * @throws HydrationError SourceNotFound if it has more than `max` bytes.
 */
export async function contentOf(reply: Reply, url: string, max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of decodedBody(reply, url)) {
      bytes += chunk.length
      if (bytes > max) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof HydrationError ? error : unreachable(url, error)
  }
  if (bytes > max) throw new HydrationError('SourceNotFound', `${shown(url)} returns more than ${max} bytes`)
  return Buffer.concat(chunks)
}
