import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { type BodyAccount, createBodyBudget } from './body-budget.ts'
import { BodyRejected, parseBody } from './review-body.ts'

/**
 * Bodies up to this size are always accepted: those of all connections together fit into memory. Most pods
 * are smaller.
 */
const SMALL_BODY_BYTES = 64 * 1024

/**
 * Total bytes of larger bodies at a time, while they arrive and are decided. Parsed, they take several times
 * as much.
 */
const LARGE_BODIES_BYTES = 32 * 1024 * 1024

export interface ReceiveOptions {
  /** The largest body of a request, in bytes. */
  bodyLimit: number
  metrics: Pick<AdmissionMetrics, 'shed'>
}

/**
 * Reads the bodies of requests. Only JSON is accepted, and anything else is 415. A body that is over the
 * limit, or for which there is no room (`createBodyBudget`), is rejected. The rest of it is read and dropped,
 * because closing the connection would lose the answer.
 */
export function receiveBodies(app: FastifyInstance, { bodyLimit, metrics }: ReceiveOptions): void {
  const budget = createBodyBudget(LARGE_BODIES_BYTES)
  const accounts = new WeakMap<FastifyRequest, BodyAccount>()
  // Whether it was answered or its connection broke.
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => {
      const account = accounts.get(request)
      if (account !== undefined) budget.release(account)
    })
  })
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) =>
    parseBody(await receive(request, payload)),
  )

  function receive(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
    const received = Promise.withResolvers<Buffer>()
    let chunks: Buffer[] = []
    let bytes = 0
    const account: BodyAccount = {
      peer: payload.socket.remoteAddress ?? '',
      bytes: 0,
      open: true,
      cut() {
        metrics.shed('memory')
        reject(new BodyRejected(503, 'the webhook has too many large requests at a time'))
      },
    }
    accounts.set(request, account)
    const reject = (reason: BodyRejected): void => {
      payload.off('data', onData)
      payload.resume()
      chunks = []
      received.reject(reason)
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > bodyLimit) {
        budget.release(account)
        reject(overLimit(bodyLimit))
      } else if (bytes <= SMALL_BODY_BYTES || budget.hold(account, bytes)) chunks.push(chunk)
    }
    if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw overLimit(bodyLimit)
    payload.on('data', onData)
    payload.once('end', () => {
      account.open = false
      received.resolve(Buffer.concat(chunks, chunks.length === 0 ? 0 : bytes))
    })
    payload.once('error', received.reject)
    payload.once('close', () => received.reject(new BodyRejected(400, 'the connection was closed')))
    return received.promise
  }
}

function overLimit(bodyLimit: number): BodyRejected {
  return new BodyRejected(413, `the body is over the limit of ${bodyLimit} bytes`)
}
