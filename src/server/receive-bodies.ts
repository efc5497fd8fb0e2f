import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { type BodyAccount, createBodyBudget } from './body-budget.ts'
import type { Cohorts } from './cohorts.ts'
import { BodyRejected, parseBody } from './review-body.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The response to this request. */
    response: ServerResponse | undefined
  }
}

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
  /** The first step of a request is to parse its body. */
  cohorts: Cohorts
  metrics: Pick<AdmissionMetrics, 'shed'>
}

/**
 * Reads the bodies of requests. Only JSON is accepted, and anything else is 415. A body that is over the
 * limit, or for which there is no room (`createBodyBudget`), is rejected. The rest of it is read and dropped,
 * because closing the connection would lose the answer.
 */
export function receiveBodies(app: FastifyInstance, { bodyLimit, cohorts, metrics }: ReceiveOptions): void {
  const budget = createBodyBudget(LARGE_BODIES_BYTES)
  app.decorateRequest('response')
  app.addHook('onRequest', (request, reply, done) => {
    request.response = reply.raw
    done()
  })
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', (request, payload: IncomingMessage, done) => {
    receive(request, payload, (error, body) => {
      if (error !== undefined) return done(error)
      cohorts.join(body.length, () => {
        let value: unknown
        try {
          value = parseBody(body)
        } catch (rejected) {
          return done(rejected instanceof Error ? rejected : new Error(String(rejected)))
        }
        cohorts.next(() => done(null, value))
      })
    })
  })

  /** Calls `done` once, with an error or a body. */
  function receive(request: FastifyRequest, payload: IncomingMessage, done: Received): void {
    let chunks: Buffer[] = []
    let bytes = 0
    let account: BodyAccount | undefined
    let isDone = false

    const end = (error: Error | undefined, body: Buffer = NOTHING): void => {
      if (isDone) return
      isDone = true
      done(error, body)
    }
    const reject = (reason: BodyRejected): void => {
      payload.off('data', onData)
      payload.resume()
      chunks = []
      end(reason)
    }
    const openAccount = (): BodyAccount => {
      const opened: BodyAccount = {
        peer: payload.socket.remoteAddress ?? '',
        bytes: 0,
        open: true,
        cut() {
          metrics.shed('memory')
          reject(new BodyRejected(503, 'the webhook has too many large requests at a time'))
        },
      }
      // Whether it was answered or its connection broke.
      request.response?.once('close', () => budget.release(opened))
      return opened
    }
    const hasRoom = (): boolean => {
      if (bytes <= SMALL_BODY_BYTES) return true
      account ??= openAccount()
      if (bytes <= bodyLimit) return budget.hold(account, bytes)
      budget.release(account)
      reject(overLimit(bodyLimit))
      return false
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (hasRoom()) chunks.push(chunk)
    }
    if (Number(request.headers['content-length'] ?? 0) > bodyLimit) {
      end(overLimit(bodyLimit))
      return
    }
    payload.on('data', onData)
    payload.on('end', () => {
      if (account !== undefined) account.open = false
      const [only = NOTHING] = chunks
      end(undefined, chunks.length <= 1 ? only : Buffer.concat(chunks, bytes))
    })
    payload.on('error', end)
    payload.on('close', () => {
      // Most bodies are complete by now, and an error costs more than deciding about a pod.
      if (!isDone) end(new BodyRejected(400, 'the connection was closed'))
    })
  }
}

type Received = (error: Error | undefined, body: Buffer) => void
const NOTHING = Buffer.alloc(0)

function overLimit(bodyLimit: number): BodyRejected {
  return new BodyRejected(413, `the body is over the limit of ${bodyLimit} bytes`)
}
