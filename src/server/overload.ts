import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { status } from './status.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The earliest time at which the client can have sent it, in milliseconds of `performance.now()`. */
    arrivedAt: number
  }
}

/**
 * The API server repeats a call after this many seconds, up to ten times, within the time limit of the
 * webhook.
 */
const RETRY_AFTER_SECONDS = '1'

export interface OverloadOptions {
  /** How long requests wait for their turn, in milliseconds. */
  lagMs: () => number
  /** Event-loop delay in milliseconds above which requests get 503; 0 means never. */
  maxLagMs: number
  metrics: AdmissionMetrics
}

/**
 * Answers 503 with `Retry-After` before the body is read if a request would wait too long, and the API server
 * calls again. The connection stays open: closing it while a body is still arriving would reset it and lose
 * the answer, and a new connection costs more than most decisions.
 *
 * Returns how long an accepted request can have waited so far, in milliseconds, for its turn and for its
 * body.
 */
export function shedOverload(
  app: FastifyInstance,
  options: OverloadOptions,
): (request: FastifyRequest) => number {
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', (request, reply, done) => {
    const lagMs = options.lagMs()
    request.arrivedAt = performance.now() - lagMs
    if (options.maxLagMs === 0 || lagMs <= options.maxLagMs) return done()
    options.metrics.shed('event-loop-lag')
    answerRetryLater(reply, 'the webhook is overloaded')
  })
  return request => performance.now() - request.arrivedAt
}

/** Asks the API server to call again. */
export function answerRetryLater(reply: FastifyReply, message: string): FastifyReply {
  return reply
    .header('retry-after', RETRY_AFTER_SECONDS)
    .code(503)
    .send(status(503, 'ServiceUnavailable', message))
}
