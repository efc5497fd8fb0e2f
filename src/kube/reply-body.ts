import type { KubeConfig } from '@kubernetes/client-node'
import type { Response } from 'undici'
import { ApiError } from './api-error.ts'
import { createTurns, type Turns } from './turns.ts'

/** Bodies up to this size are read side by side: one for each connection fits into memory. */
const SMALL_BYTES = 256 * 1024

/** More than the JSON of any object: etcd stores 1.5 MiB, and each byte becomes at most six (`\u0001`). */
const MAX_BYTES = 16 * 1024 * 1024

export interface BodyOptions {
  readonly signal: AbortSignal
  /** Maximum bytes of the body. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Called when a large body starts to wait for its turn. Nothing is read meanwhile. */
  readonly onWait?: () => void
  /** Called when its turn comes. */
  readonly onTurn?: () => void
}

/**
 * One for each cluster. A user who writes large objects there must not fill our memory, however many replies
 * there are to read.
 */
const turnsOf = new WeakMap<KubeConfig, Turns>()

/**
 * Reads a reply and returns what `use` makes of its bytes. Large replies of one cluster are read one after
 * the other, including `use`, so that the largest one bounds the memory and not their number.
 *
 * @throws ApiError with reason `ReplyTooLarge` if the body is over the limit; whatever the connection or
 * `use` throws.
 */
export async function readBody<V>(
  config: KubeConfig,
  response: Response,
  { signal, maxBytes = MAX_BYTES, onWait, onTurn }: BodyOptions,
  use: (body: Buffer) => V,
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
  return use(Buffer.concat(chunks, bytes))
}

function turnsFor(config: KubeConfig): Turns {
  const known = turnsOf.get(config) ?? createTurns()
  turnsOf.set(config, known)
  return known
}

/** Whether a reply was dropped because it is too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'ReplyTooLarge'
}
