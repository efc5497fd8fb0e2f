import type { KubeConfig } from '@kubernetes/client-node'
import { z } from 'zod'
import { startDeadline } from '../deadline.ts'
import { ApiError, statusError } from './api-error.ts'
import { forgetConnections } from './kubeconfig.ts'
import { openWatch, type WatchOpening } from './open-watch.ts'
import type { Query } from './request.ts'
import { ConnectionLost } from './watch-session.ts'

/** `closed`: the server ended the watch normally. `stalled`: nothing came for too long. */
export type WatchEnd = 'closed' | 'stalled'

const watchEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']),
  object: z.unknown(),
})
const errorEvent = z.object({ type: z.literal('ERROR'), object: z.unknown() })

export type WatchEvent = z.infer<typeof watchEvent>

export interface WatchRequest {
  readonly path: string
  readonly query: Query
  readonly timeoutSeconds: WatchOpening['timeoutSeconds']
  /**
   * Milliseconds until the server must accept the watch. After that, of silence on a connection without
   * pings, after which it is dropped.
   */
  readonly stallMs: number
  readonly signal: AbortSignal
  /** Called when the server has accepted the watch. */
  readonly onOpen?: () => void
}

/**
 * Runs one watch to its end, and hands each event to `onEvent` in order.
 *
 * We do not use client-node's `Watch`, although it has the same credentials and the same limit on silence: it
 * cannot be canceled before the headers of the reply arrive, it swallows whatever the callback throws and
 * lines that it cannot parse, and it hides the reason of an error's Status.
 *
 * @throws ApiError if the watch is rejected, ends with an ERROR event, breaks off or sends something that is
 * not an event; the signal's reason if the signal aborts; whatever `onEvent` throws.
 */
export async function readWatch(
  config: KubeConfig,
  request: WatchRequest,
  onEvent: (event: WatchEvent) => void,
): Promise<WatchEnd> {
  const { path, signal } = request
  signal.throwIfAborted()
  using silence = startDeadline(request.stallMs, signal)
  try {
    const { query, timeoutSeconds } = request
    const { body, isPinged } = await openWatch(config, {
      path,
      query,
      timeoutSeconds,
      signal: silence.signal,
    })
    const onData = isPinged ? () => {} : silence.restart
    if (isPinged) silence.stop()
    onData()
    request.onOpen?.()
    for await (const line of lines(body, path, onData)) onEvent(parseLine(line, path))
    return 'closed'
  } catch (error) {
    if (silence.expired() || isConnectionLost(error)) {
      forgetConnections(config)
      return 'stalled'
    }
    signal.throwIfAborted()
    throw error
  }
}

/** Whether the connection stopped answering pings, before or after the server accepted the watch. */
function isConnectionLost(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true
  return error instanceof ApiError && isConnectionLost(error.cause)
}

/**
 * The complete lines of a body. Text after the last newline is an event cut short, and the next watch has it
 * whole.
 */
async function* lines(
  body: AsyncIterable<Uint8Array>,
  path: string,
  onData: () => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let begun: string[] = []
  for await (const chunk of chunks(body, path)) {
    onData()
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n')
    begun.push(first)
    for (const other of others) {
      // Joined once, because a large event comes in many chunks.
      const line = begun.join('')
      begun = [other]
      if (line.trim() !== '') yield line
    }
  }
}

async function* chunks(body: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const reader = body[Symbol.asyncIterator]()
  try {
    while (true) {
      const next = await reader.next().catch(cause => {
        throw new ApiError(0, 'Disconnected', `the watch of ${path} broke off`, { cause })
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    // Also runs if the consumer stops early, and frees the connection.
    await reader.return?.().catch(() => {})
  }
}

function parseLine(line: string, path: string): WatchEvent {
  const raw = parseJson(line, path)
  const event = watchEvent.safeParse(raw)
  if (event.success) return event.data
  const failure = errorEvent.safeParse(raw)
  if (failure.success) throw statusError(failure.data.object, 0, `watch of ${path}`)
  throw new ApiError(0, 'MalformedReply', `the watch of ${path} sent something that is not an event`, {
    cause: event.error,
  })
}

function parseJson(line: string, path: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new ApiError(0, 'MalformedReply', `the watch of ${path} sent something that is not JSON`, { cause })
  }
}
