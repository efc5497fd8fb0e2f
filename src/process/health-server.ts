import fastify, { type FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/** A reason not to be ready, or undefined. */
export type ReadinessCheck = () => string | undefined

/**
 * The plain http server for probes and metrics, on a port of its own: it answers when certificates are in trouble,
 * and needs none. `/healthz` says that the event loop turns; `/readyz` says why not, one reason a line.
 */
export function createHealthServer(options: {
  checks: readonly ReadinessCheck[]
  metrics: Metrics
}): FastifyInstance {
  const app: FastifyInstance = fastify()
  app.get('/healthz', () => 'ok\n')
  app.get('/readyz', (_request, reply) => {
    const reasons = options.checks.map(check => check()).filter(reason => reason !== undefined)
    return reasons.length === 0 ? 'ok\n' : reply.code(503).send(`${reasons.join('\n')}\n`)
  })
  app.get('/metrics', async (_request, reply) => {
    reply.type(options.metrics.registry.contentType)
    return options.metrics.registry.metrics()
  })
  return app
}
