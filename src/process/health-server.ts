import fastify, { type FastifyInstance } from 'fastify'

/** What Prometheus scrapes. */
export interface Scraped {
  readonly contentType: string
  metrics(): Promise<string>
}

/** A reason not to be ready; undefined if ready. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>

/** Runs all checks. Returns the reasons not to be ready. */
export async function reasonsOf(checks: readonly ReadinessCheck[]): Promise<string[]> {
  return (await Promise.all(checks.map(check => check()))).filter(reason => reason !== undefined)
}

/**
 * The plain http server for probes and metrics, on its own port. It needs no certificate, so it answers even
 * when certificates are in trouble. `/healthz` shows that the event loop runs, and that `isAlive` agrees.
 * `/readyz` lists the reasons not to be ready, one on each line.
 */
export function createHealthServer({
  checks,
  isAlive,
  metrics: { registry },
}: {
  checks: readonly ReadinessCheck[]
  isAlive?: () => Promise<boolean>
  metrics: { registry: Scraped }
}): FastifyInstance {
  const app: FastifyInstance = fastify()
  app.get('/healthz', async (_request, reply) =>
    (await isAlive?.()) === false ? reply.code(503).send('a worker does not answer\n') : 'ok\n',
  )
  app.get('/readyz', async (_request, reply) => {
    const reasons = await reasonsOf(checks)
    return reasons.length === 0 ? 'ok\n' : reply.code(503).send(`${reasons.join('\n')}\n`)
  })
  app.get('/metrics', async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
  return app
}
