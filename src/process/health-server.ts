import fastify, { type FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/** A reason not to be ready; undefined if ready. */
export type ReadinessCheck = () => string | undefined

/**
 * The plain http server for probes and metrics, on its own port. It needs no certificate, so it answers even
 * when certificates are in trouble. `/healthz` shows that the event loop runs. `/readyz` lists the reasons
 * not to be ready, one on each line.
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
