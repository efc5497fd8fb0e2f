import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type AdmissionRequest, admissionReview, respond } from '../admission/admission-review.ts'
import type { Decision } from '../admission/decision.ts'
import type { Rules } from '../admission/rules.ts'
import { firstIssue } from '../api/schema/parse.ts'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { type Admission, admit } from './admit.ts'
import { admitClients } from './client-names.ts'
import { type Cohorts, createCohorts } from './cohorts.ts'
import { limitConnections } from './connections.ts'
import { timeLimitMs } from './deadline.ts'
import { answerRetryLater, type OverloadOptions, shedOverload } from './overload.ts'
import { receiveBodies } from './receive-bodies.ts'
import { status } from './status.ts'

/** A review can hold two objects of 3 MiB, the API server's limit for one, and its envelope. */
export const BODY_LIMIT = 7 * 1024 * 1024

/**
 * The API server's connection pool drops idle connections after 90 s. The server must not drop them first.
 */
const KEEP_ALIVE_MS = 120_000

/**
 * Honest clients need milliseconds for both, at any distance. An API server does not wait longer than this
 * for an answer.
 */
const HANDSHAKE_MS = 10_000
const BODY_MS = 5_000

/**
 * About 100 kB each. By default an API server works on some 600 requests at a time, and calls several
 * webhooks at once for some of them.
 */
const MAX_CONNECTIONS = 2_000

/** A connection would stay with one replica forever if nobody ended it now and then. */
const MAX_REQUESTS_PER_SOCKET = 1000

export interface AdmissionServerOptions extends Admission {
  /** PEM. If set, only clients with a certificate of this CA may connect. */
  tls: { key: string; cert: string; ca?: string }
  /** The common names of those clients; default any. */
  clientNames?: readonly string[] | undefined
  /** The webhooks by path. */
  webhooks: Readonly<Record<string, Rules>>
  /** Whether the view can be trusted. Before that, no review is answered. */
  synced: () => boolean
  /** Whether the server is about to end. From then on every answer closes its connection. */
  draining: () => boolean
  /** When to answer 503 because the process cannot keep up; default never. */
  overload?: Pick<OverloadOptions, 'lagMs' | 'maxLagMs'>
  /** Maximum number of connections; default 2,000. */
  maxConnections?: number
  metrics: AdmissionMetrics
  logger: Logger
}

/**
 * The https server that the API server calls. It speaks HTTP/1.1, the only protocol that API servers use for
 * webhooks behind a Service. There is one POST route for each webhook.
 */
export function createAdmissionServer(options: AdmissionServerOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    https: {
      ...options.tls,
      requestCert: options.tls.ca !== undefined,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_MS,
    },
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // This counts from the connection on, and an API server keeps some connections in its pool before their
    // first request.
    requestTimeout: KEEP_ALIVE_MS,
    maxRequestsPerSocket: MAX_REQUESTS_PER_SOCKET,
    forceCloseConnections: 'idle',
    // While draining, we still answer requests on open connections.
    return503OnClosing: false,
  })
  app.server.headersTimeout = KEEP_ALIVE_MS
  if (options.clientNames !== undefined) admitClients(app, options.clientNames)
  limitConnections(app, {
    max: options.maxConnections ?? MAX_CONNECTIONS,
    bodyMs: BODY_MS,
    onEvicted: options.metrics.connectionEvicted,
  })
  const waitedMs = shedOverload(app, {
    ...(options.overload ?? NEVER),
    metrics: options.metrics,
  })
  // With this header, a client does not send its next request into a connection that is about to close.
  app.addHook('onSend', (request, reply, payload, done) => {
    // If we closed the connection while a body is still arriving, it would be reset and the answer lost.
    if (options.draining() && request.raw.complete) reply.header('connection', 'close')
    done(null, payload)
  })
  const cohorts = createCohorts()
  receiveBodies(app, { bodyLimit: BODY_LIMIT, cohorts, metrics: options.metrics })
  for (const [path, rules] of Object.entries(options.webhooks)) {
    const settings = { ...options, cohorts, waitedMs }
    // The handler returns nothing, because fastify would treat a returned reply as a promise.
    app.post(path, (request, reply) => review(path, rules, settings, request, reply))
  }
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const code = error.statusCode ?? 500
    if (code === 503) return answerRetryLater(reply, error.message)
    if (code >= 500)
      options.logger.error(
        { err: error, path: request.url.split('?', 1)[0]?.slice(0, 200) },
        'request failed',
      )
    return reply
      .code(code)
      .send(status(code, code >= 500 ? 'InternalError' : 'BadRequest', advice(code, error)))
  })
  app.setNotFoundHandler((request, reply) => {
    const known = Object.keys(options.webhooks).join(', ')
    const message = `${request.method} ${request.url.slice(0, 200)}: unknown path; POST an AdmissionReview to ${known}`
    return reply.code(404).send(status(404, 'NotFound', message))
  })
  return app
}

const NEVER = { lagMs: () => 0, maxLagMs: 0 }

/** What a client that sent something other than a review should do. */
function advice(code: number, error: Error): string {
  if (code === 415) return 'the content type must be application/json, as for every AdmissionReview'
  return error.message
}

function review(
  path: string,
  rules: Rules,
  options: AdmissionServerOptions & { cohorts: Cohorts; waitedMs: (request: FastifyRequest) => number },
  httpRequest: FastifyRequest,
  reply: FastifyReply,
): void {
  if (!options.synced()) {
    answerRetryLater(reply, 'the watches are not synced yet')
    return
  }
  const { timeout } = httpRequest.query as { timeout?: unknown }
  const limitMs = timeLimitMs(timeout, options.waitedMs(httpRequest))
  if (limitMs === 0) {
    // Without Retry-After: a caller that still waits has no time for another call.
    options.metrics.shed('deadline')
    reply.code(503).send(status(503, 'ServiceUnavailable', 'the deadline for an answer has passed'))
    return
  }
  const parsed = admissionReview.safeParse(httpRequest.body)
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error)
    const words = `not an AdmissionReview v1: ${field || 'body'}: ${message}`
    reply.code(400).send(status(400, 'BadRequest', words))
    return
  }
  const { request } = parsed.data
  const startedAt = performance.now()
  const answer = (decision: Decision) => {
    note(path.slice(1), request, decision, (performance.now() - startedAt) / 1000, options)
    const body = JSON.stringify(respond(request.uid, decision))
    options.cohorts.next(() => reply.type('application/json').send(body))
  }
  const decision = admit(rules, request, options, limitMs)
  if (decision instanceof Promise) decision.then(answer).catch((error: unknown) => reply.send(error))
  else answer(decision)
}

function note(
  webhook: string,
  request: AdmissionRequest,
  decision: Decision,
  seconds: number,
  { metrics, logger }: AdmissionServerOptions,
): void {
  metrics.observeReview(webhook, request, decision, seconds)
  logger.info(
    {
      uid: request.uid,
      webhook,
      operation: request.operation,
      namespace: request.namespace,
      name: request.name,
      dryRun: request.dryRun === true,
      allowed: decision.allowed,
      patched: decision.allowed ? decision.patch.length : undefined,
      reasons: (decision.allowed ? decision.warnings : decision.findings).map(
        ({ violation }) => violation.reason,
      ),
      ms: Math.round(seconds * 1e6) / 1000,
    },
    'reviewed',
  )
}
