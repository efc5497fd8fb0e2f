import { HydrationError } from '../failure.ts'
import { type Http, headerOf, type Reply, shown, unreachable } from './http.ts'
import type { Opened } from './opened.ts'
import { withRetries } from './retry.ts'

/** So often a download may break off without a byte in between. */
const MAX_IDLE = 5

export interface Download {
  http: Http
  url: string
  token?: string | undefined
  /** A validator of the bytes for `If-Range`: a strong ETag, or a date. */
  validator?: string | undefined
  /** The bytes are held against a hash in the end, so parts of them fit together without a validator. */
  isVerified?: boolean | undefined
  /** Bytes, where they are known. */
  size?: number | undefined
}

/**
 * Begins to download, in the middle where the server can. What breaks off goes on from the byte that came last, as long as the server has
 * the same bytes; whoever reads does not notice.
 */
export async function openDownload(download: Download, from: number, signal: AbortSignal): Promise<Opened> {
  if (from > 0 && from === download.size) return { from, content: nothing() }
  const first = await withRetries(() => ask(download, from, signal), { signal })
  const start = startOf(first, from)
  return { from: start, content: follow(download, first, start, signal) }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* follow(download: Download, first: Reply, from: number, signal: AbortSignal) {
  let reply = first
  let at = from
  for (let idle = 0; idle < MAX_IDLE; idle++) {
    const before = at
    try {
      for await (const chunk of reply.body) {
        at += chunk.length
        yield chunk
      }
      if (download.size === undefined || at >= download.size) return
    } catch (error) {
      signal.throwIfAborted()
      if (!canGoOn(download)) throw unreachable(download.url, error)
    }
    if (at > before) idle = 0
    reply = await goOn(download, at, signal)
  }
  throw unreachable(download.url, new Error(`it breaks off after ${at} bytes, again and again`))
}

async function goOn(download: Download, at: number, signal: AbortSignal): Promise<Reply> {
  const reply = await withRetries(() => ask(download, at, signal), { signal })
  if (startOf(reply, at) === at) return reply
  reply.drop()
  const message = `${shown(download.url)} has changed while it was fetched, or cannot go on in the middle`
  throw new HydrationError('SourceChanged', message)
}

function canGoOn({ validator, isVerified }: Download): boolean {
  return validator !== undefined || isVerified === true
}

async function ask(download: Download, from: number, signal: AbortSignal): Promise<Reply> {
  const { http, url, token, validator } = download
  const headers = {
    ...(from > 0 && canGoOn(download) && { range: `bytes=${from}-` }),
    ...(from > 0 && validator !== undefined && { 'if-range': validator }),
  }
  const reply = await http.get({ url, token, headers, signal })
  // Where somebody has to log in first, many servers answer with a page for people.
  if (
    /^text\/html\b/i.test(headerOf(reply, 'content-type') ?? '') &&
    !/\.html?$/i.test(new URL(url).pathname)
  ) {
    reply.drop()
    throw new HydrationError(
      'SourceNotFound',
      `${shown(url)} answers with a web page, not with a file; correct the URL, or set secretRef`,
    )
  }
  return reply
}

/** The offset of the first byte of a reply: RFC 9110 sections 14.4 and 15.3.7. */
function startOf(reply: Reply, asked: number): number {
  if (reply.status !== 206) return 0
  const start = Number(/^bytes (\d+)-/.exec(headerOf(reply, 'content-range') ?? '')?.[1])
  if (start !== asked)
    throw new HydrationError(
      'SourceUnavailable',
      `the server gives bytes from ${start} where ${asked} was asked for`,
    )
  return start
}
