import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { status } from './status.ts'

/** The API server repeats a call after so many seconds, up to ten times, within the time limit of the webhook. */
const RETRY_AFTER_SECONDS = '1'

export interface OverloadOptions {
  /** How long requests wait for their turn, in milliseconds. */
  lagMs: () => number
  /** From which wait on requests are put off, in milliseconds; 0 is never. */
  maxLagMs: number
  metrics: AdmissionMetrics
}

/**
 * Puts requests off before their bodies are read, when they would wait too long: with 503 and
 * `Retry-After`, on which the API server calls again. The connection stays: to close it under a body that is still on
 * its way would turn into a reset, in which the answer is lost, and a new one costs more than most decisions.
 *
 * Gives how long a request that was not put off can have waited so far, in milliseconds: for its turn, and for its
 * body.
 */
export function shedOverload(
  app: FastifyInstance,
  options: OverloadOptions,
): (request: FastifyRequest) => number {
  const arrivals = new WeakMap<FastifyRequest, number>()
  app.addHook('onRequest', async (request, reply) => {
    arrivals.set(request, performance.now() - options.lagMs())
    if (options.maxLagMs > 0 && options.lagMs() > options.maxLagMs) {
      options.metrics.shed('event-loop-lag')
      return answerRetryLater(reply, 'the webhook is overloaded')
    }
  })
  return request => performance.now() - (arrivals.get(request) ?? performance.now())
}

/** Asks the API server to call again. */
export function answerRetryLater(reply: FastifyReply, message: string): FastifyReply {
  return reply
    .header('retry-after', RETRY_AFTER_SECONDS)
    .code(503)
    .send(status(503, 'ServiceUnavailable', message))
}
