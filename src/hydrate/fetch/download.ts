import type { Checksum } from '../checksum.ts'
import { HydrationError } from '../failure.ts'
import { decodedBody, encodingOf } from './encoding.ts'
import type { Http, Redirection, Sign } from './http.ts'
import type { Opened } from './opened.ts'
import { LeftBehind, TooSlow } from './pace.ts'
import { shown, unreachable } from './rejection.ts'
import { headerOf, PRECONDITION_FAILED, type Reply, sizeIn, UNSATISFIABLE } from './reply.ts'
import { withRetries } from './retry.ts'

/** How often a download may break off without a new byte in between. */
const MAX_IDLE = 5
/** How often a part is asked for again because other connections are faster. */
const MAX_LEFT_BEHIND = 3

export interface Download {
  http: Http
  url: string
  token?: string | undefined
  sign?: Sign | undefined
  /** A validator for `If-Range`: a strong ETag, or a date. */
  validator?: string | undefined
  /** Take no other bytes than those with this ETag (If-Match). */
  match?: string | undefined
  /** The bytes are checked against a hash at the end, so ranges fit together without a validator. */
  isVerified?: boolean | undefined
  /** The bytes are wanted as they are stored, whatever Content-Encoding the store keeps with them. */
  isStored?: boolean | undefined
  /** Total bytes, if known. */
  size?: number | undefined
  /** What an answer with the whole file claims for its bytes. */
  checksumIn?: ((reply: Reply) => Checksum | undefined) | undefined
  /** Shared by all parts of the file. */
  via?: Redirection | undefined
}

/** The part of a file to download: from one byte to before another, or to the end. */
interface Part {
  from: number
  to?: number | undefined
  /** Use no connection that is open already. */
  fresh?: boolean | undefined
  /** Do not give up a connection because others are faster. */
  isPatient?: boolean | undefined
}

/**
 * Starts to download a file or a part of it, from the middle if the server can do that. If the download
 * breaks off, it continues at the last byte as long as the server still has the same bytes. The reader does
 * not notice.
 */
export async function openDownload(download: Download, part: Part, signal: AbortSignal): Promise<Opened> {
  const { from, to } = part
  if (from > 0 && from === (to ?? download.size)) return { from, content: nothing() }
  const first = await withRetries(() => ask(download, part, signal), { signal })
  if (!download.isStored && encodingOf(first) !== undefined)
    return { from: 0, content: encoded(download, first, signal) }
  if (first.status === UNSATISFIABLE) {
    first.drop()
    // The file ends where we wanted to go on, or it has become shorter.
    if (from === 0 || sizeIn(first) === from) return { from, content: nothing() }
    return openDownload(download, { ...part, from: 0 }, signal)
  }
  if (!hasEnd(first, download)) {
    first.drop()
    const message = `${shown(download.url)} does not say where the file ends, so a file that was cut off would look whole; set sha256`
    throw new HydrationError('SizeUnknown', message)
  }
  const start = startOf(first, from)
  const checksum = first.status === 200 ? download.checksumIn?.(first) : undefined
  return {
    from: start,
    checksum,
    content: follow(download, first, { from: start, to, fresh: part.fresh }, signal),
  }
}

/** Whether a connection that closes too early shows. With HTTP/1.0, its end is the end of the file. */
function hasEnd(reply: Reply, { size, isVerified }: Download): boolean {
  const isMarked = ['content-length', 'transfer-encoding'].some(name => headerOf(reply, name) !== undefined)
  return size !== undefined || isVerified === true || isMarked
}

/**
 * The whole file from a server that sends it encoded, and so in one piece: ranges are of the encoded bytes.
 */
async function* encoded(download: Download, first: Reply, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let reply = first
  if (reply.status === 206) {
    reply.drop()
    reply = await withRetries(() => ask(download, { from: 0 }, signal), { signal })
  }
  try {
    yield* decodedBody(reply, download.url)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof HydrationError ? error : unreachable(download.url, error)
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* follow(download: Download, first: Reply, { from, to, fresh }: Part, signal: AbortSignal) {
  const patience = newPatience()
  let reply = first
  let at = from
  for (;;) {
    const before = at
    let error: unknown
    try {
      for await (const chunk of until(to, at, reply)) {
        at += chunk.length
        yield chunk
      }
      const end = to ?? download.size
      if (end === undefined || at >= end) return
    } catch (thrown) {
      signal.throwIfAborted()
      if (!canGoOn(download)) throw unreachable(download.url, thrown)
      error = thrown
    }
    if (!patience.lasts(at > before, error))
      throw unreachable(download.url, new Error(`it keeps breaking off, or is too slow, after ${at} bytes`))
    reply = await goOn(download, { from: at, to, fresh, isPatient: !patience.compares() }, signal)
  }
}

/** How long a download goes on with connections that disappoint. */
function newPatience() {
  let idle = 0
  let leftBehind = 0
  return {
    /** Whether to try another connection, after one that brought bytes or did not. */
    lasts(hasBytes: boolean, error: unknown): boolean {
      if (error instanceof LeftBehind) leftBehind += 1
      idle = hasBytes && !(error instanceof TooSlow) ? 1 : idle + 1
      return idle < MAX_IDLE
    },
    /** Whether the next connection is compared with others. */
    compares: () => leftBehind < MAX_LEFT_BEHIND,
  }
}

/** The bytes of a reply that starts at `at`, up to `to`. A server without ranges sends more than that. */
async function* until(to: number | undefined, at: number, reply: Reply): AsyncGenerator<Uint8Array> {
  let left = to === undefined ? Number.POSITIVE_INFINITY : to - at
  for await (const chunk of reply.body) {
    yield left < chunk.length ? chunk.subarray(0, left) : chunk
    left -= chunk.length
    if (left <= 0) break
  }
  if (left <= 0) reply.drop()
}

async function goOn(download: Download, part: Part, signal: AbortSignal): Promise<Reply> {
  const reply = await withRetries(() => ask(download, part, signal), { signal })
  if (startOf(reply, part.from) === part.from) return reply
  reply.drop()
  const message = `${shown(download.url)} changed while it was fetched, or cannot continue in the middle`
  throw new HydrationError('SourceChanged', message)
}

function canGoOn({ validator, isVerified }: Download): boolean {
  return validator !== undefined || isVerified === true
}

async function ask(download: Download, part: Part, signal: AbortSignal): Promise<Reply> {
  const { http, url, token, sign, match, validator, via } = download
  const { from, to, fresh } = part
  // Whoever cannot go on in the middle does not give up either.
  const isPatient = part.isPatient || !canGoOn(download)
  const isPart = from > 0 || to !== undefined
  const headers = {
    ...(match !== undefined && { 'if-match': match }),
    ...(isPart && canGoOn(download) && { range: `bytes=${from}-${to === undefined ? '' : to - 1}` }),
    ...(isPart && validator !== undefined && { 'if-range': validator }),
  }
  const reply = await http.get({
    url,
    token,
    sign,
    headers,
    fresh,
    isPatient,
    via,
    allowed: [UNSATISFIABLE, PRECONDITION_FAILED],
    signal,
  })
  if (reply.status === PRECONDITION_FAILED || isOther(reply, validator)) {
    reply.drop()
    throw new HydrationError('SourceChanged', `${shown(url)} changed while it was fetched`)
  }
  // If a login is needed, many servers answer with a page for people.
  if (
    /^text\/html\b/i.test(headerOf(reply, 'content-type') ?? '') &&
    !/\.html?$/i.test(new URL(url).pathname)
  ) {
    reply.drop()
    throw new HydrationError(
      'SourceNotFound',
      `${shown(url)} returns a web page, not a file; correct the URL, or set secretRef`,
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
      `the server sends bytes from ${start} on, but the request was for ${asked}`,
    )
  return start
}

/** Whether a part is of other bytes, whatever the server makes of If-Range. */
function isOther(reply: Reply, validator: string | undefined): boolean {
  const etag = headerOf(reply, 'etag')
  const isComparable = validator?.startsWith('"') === true && etag?.startsWith('"') === true
  return reply.status === 206 && isComparable && etag !== validator
}
