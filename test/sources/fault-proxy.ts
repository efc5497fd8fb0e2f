import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

/** What goes wrong with an answer that has content. Each time counts from 1. */
export type Fault = (answer: FaultyAnswer, time: number) => Promise<void> | void

/** An answer that may be changed before it is sent, or sent in another way. */
export interface FaultyAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  /** The first byte of the file in the body. */
  from: number
  response: ServerResponse
  /** Sends it as it is now. */
  send(): void
}

export interface FaultProxy extends AsyncDisposable {
  readonly url: string
}

/** An answer with so many bytes has content of a file. Listings and manifests are shorter. */
const CONTENT_BYTES = 64 * 1024
/** Before the address of another server, to which the first one has redirected. */
const VIA = '/via/'

/** Stands before a server, and damages what it answers. */
export async function faultProxy(upstream: string, name: FaultName): Promise<FaultProxy> {
  const fault: Fault = FAULTS[name]
  let time = 0
  const server = createServer(async (request, response) => {
    try {
      if (name === 'has no ranges') delete request.headers.range
      const answer = await forward(request, upstream, response)
      if (answer.body.length < CONTENT_BYTES && answer.status < 400) answer.send()
      else await fault(answer, ++time)
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function forward(
  request: IncomingMessage,
  upstream: string,
  response: ServerResponse,
): Promise<FaultyAnswer> {
  const path = request.url ?? '/'
  const [, host = '', rest = ''] = new RegExp(`^${VIA}([^/]+)(/.*)$`).exec(path) ?? []
  const url = host === '' ? upstream + path : `http://${host}${rest}`
  const replied = await new Promise<IncomingMessage>((resolve, fail) => {
    const { method, headers } = request
    const forwarded = send(url, { method, headers: { ...headers, connection: 'close' } }, resolve)
    forwarded.once('error', fail)
    request.pipe(forwarded)
  })
  const body = await buffer(replied)
  const [, from = '0'] = /bytes (\d+)-/.exec(replied.headers['content-range'] ?? '') ?? []
  const answer: FaultyAnswer = {
    status: replied.statusCode ?? 502,
    headers: { ...replied.headers, connection: 'close' },
    body,
    from: Number(from),
    response,
    send() {
      const { 'transfer-encoding': _, location, ...headers } = answer.headers
      const length = request.method === 'HEAD' ? {} : { 'content-length': String(answer.body.length) }
      response.writeHead(answer.status, {
        ...headers,
        ...length,
        ...(typeof location === 'string' && { location: viaProxy(location, request, url) }),
      })
      response.end(request.method === 'HEAD' ? undefined : answer.body)
    },
  }
  return answer
}

/** Where a server leads somewhere else, the proxy stands before that, too. */
function viaProxy(location: string, request: IncomingMessage, from: string): string {
  const to = new URL(location, from)
  return `http://${request.headers.host}${VIA}${to.host}${to.pathname}${to.search}`
}

/** The faults by name. */
export const FAULTS = {
  none: answer => answer.send(),
  truncates: (answer, time) => {
    if (time > 3) return answer.send()
    const { response, body, status, headers } = answer
    response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    response.write(body.subarray(0, body.length / 2), () => response.destroy())
  },
  stalls: (answer, time) => {
    if (time > 2) return answer.send()
    const { response, body, status, headers } = answer
    response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    response.write(body.subarray(0, Math.floor(body.length / 2)))
    let at = body.length / 2
    const drip = setInterval(() => response.write(body.subarray(Math.floor(at), Math.floor(++at))), 100)
    response.on('close', () => clearInterval(drip))
  },
  'damages a byte once': (answer, time) => {
    if (time === 1) flip(answer)
    answer.send()
  },
  'damages each answer': answer => {
    flip(answer)
    answer.send()
  },
  resets: ({ response, send: sendIt }, time) => {
    if (time > 2) return sendIt()
    response.socket?.resetAndDestroy()
  },
  'asks for patience': (answer, time) => {
    if (time <= 2) reject(answer, 429, { 'retry-after': '0' })
    answer.send()
  },
  'has errors': (answer, time) => {
    if (time <= 2) reject(answer, 500)
    answer.send()
  },
  'answers with another range': (answer, time) => {
    const range = answer.headers['content-range']
    if (time <= 2 && typeof range === 'string')
      answer.headers['content-range'] = range.replace(/bytes (\d+)/, (_, from) => `bytes ${Number(from) + 1}`)
    answer.send()
  },
  'has no ranges': answer => answer.send(),
  'changes midway': (answer, time) => {
    if (time > 1) {
      answer.body = Buffer.from(answer.body.map(byte => byte ^ 1))
      if (answer.headers.etag !== undefined) answer.headers.etag = '"another"'
    }
    answer.send()
  },
  'is slow': async answer => {
    const { response, body, status, headers } = answer
    response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    for (let at = 0; at < body.length; at += 2 ** 20) {
      response.write(body.subarray(at, at + 2 ** 20))
      await pause(50)
    }
    response.end()
  },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

function flip({ body }: FaultyAnswer): void {
  const at = Math.floor(body.length / 2)
  body[at] = (body[at] ?? 0) ^ 1
}

function reject(answer: FaultyAnswer, status: number, headers: Record<string, string> = {}): void {
  answer.status = status
  answer.headers = headers
  answer.body = Buffer.from('no')
}
