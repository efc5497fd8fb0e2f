import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { validateJob } from '../admission/job/validate.ts'
import { validateModelCache } from '../admission/modelcache/validate.ts'
import { mutatePod } from '../admission/pod/mutate.ts'
import { validatePod } from '../admission/pod/validate.ts'
import { validateWorkload } from '../admission/workload/validate.ts'
import { loadKubeConfig } from '../cluster/kubeconfig.ts'
import { createLiveReader } from '../cluster/liveread.ts'
import { createRest } from '../cluster/rest.ts'
import { watchCluster } from '../cluster/watches.ts'
import { createAdmissionServer } from '../server/admissionserver.ts'
import { createHealthServer } from '../server/healthserver.ts'
import { createMetrics, exposeWatches } from '../server/metrics.ts'
import type { Command } from './command.ts'
import {
  commonOptions,
  describeOptions,
  names,
  parseOptions,
  policyOptions,
  port,
  seconds,
  UsageError,
} from './options.ts'
import { aborted, terminationSignal } from './termination.ts'

const OPTIONS = {
  ...commonOptions,
  port: {
    schema: port.default(8443),
    value: 'PORT',
    help: 'https port that the API server calls; default 8443',
  },
  'tls-cert-file': {
    schema: z.string('is required').min(1),
    value: 'FILE',
    help: 'PEM serving certificate for the name SERVICE.NAMESPACE.svc',
  },
  'tls-key-file': {
    schema: z.string('is required').min(1),
    value: 'FILE',
    help: 'PEM key of the certificate',
  },
  ...policyOptions,
  'job-controller-user': {
    schema: names.default([
      'system:serviceaccount:kube-system:job-controller',
      'system:kube-controller-manager',
    ]),
    value: 'NAME,…',
    help: 'users as which the Job controller creates pods; default its service account, system:kube-controller-manager',
  },
  'controller-user': {
    schema: z.string().min(1).default('system:serviceaccount:modelcache-system:modelcache-controller'),
    value: 'NAME',
    help: 'user as which our controller creates hydration Jobs; default its service account',
  },
  'drain-seconds': {
    schema: seconds.default(10),
    value: 'SECONDS',
    help: 'how long to keep serving after SIGTERM, until no API server calls any more; default 10',
  },
}

const HELP = `Usage: modelcache webhook --tls-cert-file FILE --tls-key-file FILE [options]

Serves the admission webhooks: /mutate-pods, /validate-pods, /validate-jobs, /validate-workloads
and /validate-modelcaches.

${describeOptions(OPTIONS)}
`

/** The admission webhooks: watches the cluster, answers the API server, drains on SIGTERM. */
export const webhook: Command = {
  summary: 'serve the admission webhooks',
  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const logger = pino({ level: options['log-level'], base: null })
    const terminated = terminationSignal(logger)
    // The watches outlive the termination signal: what is in flight is still decided by them.
    const stopWatches = new AbortController()

    const config = loadKubeConfig(options.kubeconfig)
    const watches = watchCluster({ config, logger, signal: stopWatches.signal })
    const metrics = createMetrics()
    exposeWatches(metrics, watches)
    const policy = {
      unknownProvisioner: options['unknown-provisioner'],
      jobControllers: options['job-controller-user'],
      controllerUser: options['controller-user'],
      clusterName: options['cluster-name'],
    }
    const admission = createAdmissionServer({
      tls: { cert: readPem(options['tls-cert-file']), key: readPem(options['tls-key-file']) },
      webhooks: {
        '/mutate-pods': mutatePod,
        '/validate-pods': (request, view) => validatePod(request, view, policy),
        '/validate-jobs': (request, view) => validateJob(request, view, policy),
        '/validate-workloads': validateWorkload,
        '/validate-modelcaches': (request, view) => validateModelCache(request, view, policy),
      },
      view: watches.view,
      confirm: createLiveReader(createRest(config)),
      synced: watches.synced,
      draining: () => terminated.aborted,
      metrics,
      logger,
    })
    const health = createHealthServer({
      checks: [
        () => (watches.synced() ? undefined : 'watches are not synced'),
        () => (terminated.aborted ? 'draining' : undefined),
      ],
      metrics,
    })
    await health.listen({ host: options.host, port: options['health-port'] })
    await admission.listen({ host: options.host, port: options.port })
    logger.info({ port: options.port, healthPort: options['health-port'] }, 'listening')
    watches.whenSynced.then(
      () => logger.info('watches are synced'),
      () => {},
    )

    await aborted(terminated)
    // Not ready from now on, but still serving: API servers learn of it with a delay.
    await sleep(options['drain-seconds'] * 1000)
    await closeWithin(admission, 5_000, logger)
    stopWatches.abort()
    await health.close()
    return 0
  },
}

/** Ends the server: open requests finish, idle connections are closed, and what is left then is cut. */
async function closeWithin(
  server: { close(): Promise<unknown>; server: { closeAllConnections(): void } },
  ms: number,
  logger: Logger,
) {
  const cut = setTimeout(() => {
    logger.warn('cutting connections that are still open')
    server.server.closeAllConnections()
  }, ms)
  await server.close()
  clearTimeout(cut)
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`)
  }
}
