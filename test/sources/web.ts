import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a path serves. */
export interface Page {
  body?: Buffer
  etag?: string
  type?: string
  status?: number
  headers?: Record<string, string>
  /** Whether ranges are served; default true. */
  ranges?: boolean
  /** Connections to break, each after this many bytes of its body. */
  breakAfter?: number[]
  /** Offsets of bytes that arrive damaged, each the first time that it is sent. */
  flips?: number[]
  /** Answers that replace the page, first. */
  first?: { status: number; headers?: Record<string, string> }[]
}

export interface Web extends AsyncDisposable {
  readonly url: string
  /** `METHOD path range authorization` of each request so far. */
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[]
  /** Bytes of bodies that were sent so far. */
  sent(): number
}

/** A web server, by default on any loopback port, that serves these pages with the faults that they name. */
export async function serveWeb(
  pages: Record<string, Page>,
  { host = '127.0.0.1', port: wanted = 0 } = {},
): Promise<Web> {
  const requests: Web['requests'] = []
  let sent = 0
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { range, authorization } = request.headers
    const path = request.url ?? ''
    requests.push({ path, range, authorization })
    const page = pages[path.split('?')[0] ?? '']
    const first = page?.first?.shift()
    if (first !== undefined) response.writeHead(first.status, first.headers).end()
    else if (page === undefined) response.writeHead(404).end()
    else sent += servePage(page, request, response)
  }
  const server = createServer(serve)
  await new Promise<void>(resolve => server.listen(wanted, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}`,
    requests,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Returns the number of bytes that it sends. */
function servePage(page: Page, request: IncomingMessage, response: ServerResponse): number {
  const body = page.body ?? Buffer.alloc(0)
  const asked = partOf(page, request)
  const from = asked?.from ?? 0
  const part = damaged(page, body.subarray(from, asked?.to), from)
  response.writeHead(page.status ?? (asked === undefined ? 200 : 206), {
    'content-type': page.type ?? 'application/octet-stream',
    'content-length': part.length,
    ...(page.etag !== undefined && { etag: page.etag }),
    ...(asked !== undefined && {
      'content-range': `bytes ${from}-${from + part.length - 1}/${body.length}`,
    }),
    ...page.headers,
  })
  const breakAfter = part.length > 1 ? page.breakAfter?.shift() : undefined
  if (breakAfter === undefined) response.end(part)
  else response.write(part.subarray(0, breakAfter), () => setTimeout(() => request.socket.destroy(), 20))
  return Math.min(part.length, breakAfter ?? part.length)
}

/** Flips a byte of this part if one is due, in a copy. A look asks for one byte, and gets the right one. */
function damaged({ flips = [] }: Page, part: Buffer, from: number): Buffer {
  const index = flips.findIndex(offset => offset >= from && offset < from + part.length)
  if (index === -1 || part.length === 1) return part
  const copy = Buffer.from(part)
  const [offset = from] = flips.splice(index, 1)
  copy.writeUInt8(copy.readUInt8(offset - from) ^ 1, offset - from)
  return copy
}

/**
 * The range that a request asks for and gets. `If-Range` with another validator gets everything (RFC 9110
 * section 13.1.5).
 */
function partOf(
  page: Page,
  { headers }: IncomingMessage,
): { from: number; to: number | undefined } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
  const ifRange = headers['if-range']
  if (from === undefined || page.ranges === false) return undefined
  if (ifRange !== undefined && ifRange !== page.etag) return undefined
  return { from: Number(from), to: to ? Number(to) + 1 : undefined }
}
