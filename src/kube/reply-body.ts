import type { KubeConfig } from '@kubernetes/client-node'
import type { Response } from 'undici'
import { ApiError } from './api-error.ts'
import { createTurns, type Turns } from './turns.ts'

/** Bodies up to this size are read side by side: as many as there are connections fit into memory together. */
const SMALL_BYTES = 256 * 1024

/** More than any object takes as JSON: etcd stores 1.5 MiB, and one byte of it becomes six at most (`\u0001`). */
const MAX_BYTES = 16 * 1024 * 1024

export interface BodyOptions {
  readonly signal: AbortSignal
  /** Bytes over which the body is given up. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Called when a large body begins to wait for its turn, in which nothing is read. */
  readonly onWait?: () => void
  /** Called when it has its turn. */
  readonly onTurn?: () => void
}

/**
 * One for each cluster. Whoever writes much there must not fill the memory here, however many replies there are to
 * read.
 */
const turnsOf = new WeakMap<KubeConfig, Turns>()

/**
 * Reads a reply and gives what `use` makes of its text. Of the replies of one cluster the large ones are read one
 * after the other, `use` included, so that memory is bounded by the largest of them and not by their number.
 *
 * @throws ApiError with reason `ReplyTooLarge` when the body is over the limit; whatever the connection or `use`
 * throws.
 */
export async function readBody<V>(
  config: KubeConfig,
  response: Response,
  { signal, maxBytes = MAX_BYTES, onWait, onTurn }: BodyOptions,
  use: (text: string, bytes: number) => V,
): Promise<V> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  using turn = new DisposableStack()
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new ApiError(0, 'ReplyTooLarge', `a reply has more than ${maxBytes} bytes`)
    if (bytes > SMALL_BYTES && bytes - chunk.byteLength <= SMALL_BYTES) {
      onWait?.()
      turn.use(await turnsFor(config).take(signal))
      onTurn?.()
    }
    chunks.push(chunk)
  }
  return use(Buffer.concat(chunks, bytes).toString(), bytes)
}

function turnsFor(config: KubeConfig): Turns {
  const known = turnsOf.get(config) ?? createTurns()
  turnsOf.set(config, known)
  return known
}

/** Whether a reply was given up because it is too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'ReplyTooLarge'
}
