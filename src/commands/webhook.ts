import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { validateInferenceCluster } from '../admission/inference-cluster/validate.ts'
import { validateJob } from '../admission/job/validate.ts'
import { validateModelCache } from '../admission/modelcache/validate.ts'
import { validateModelDeployment } from '../admission/modeldeployment/validate.ts'
import { mutatePod } from '../admission/pod/mutate.ts'
import { validatePod } from '../admission/pod/validate.ts'
import { validateWorkload } from '../admission/workload/validate.ts'
import { type ClientAuthority, clientAuthority } from '../certs/client-authority.ts'
import type { KeyedCertificate } from '../certs/issue.ts'
import { exposeWatches } from '../cluster/watch-metrics.ts'
import { watchCluster } from '../cluster/watches.ts'
import { loadKubeConfig } from '../kube/kubeconfig.ts'
import { createRest } from '../kube/rest.ts'
import { compactHeap } from '../process/compact-heap.ts'
import { followLogLevel } from '../process/follow-log-level.ts'
import { createHealthServer } from '../process/health-server.ts'
import { createLogger } from '../process/logger.ts'
import { createMetrics, exposeBuild } from '../process/metrics.ts'
import { aborted, exitOnUncaught, terminationOfWorker, terminationSignal } from '../process/termination.ts'
import { isWorker, leaveFirstProcess, obeyFirstProcess, startWorkers } from '../process/workers.ts'
import { createAdmissionMetrics } from '../server/admission-metrics.ts'
import { createAdmissionServer } from '../server/admission-server.ts'
import { watchEventLoop } from '../server/event-loop-lag.ts'
import { renewCertificate } from '../server/renew-certificate.ts'
import { createLiveReader } from '../view/live-read.ts'
import { createClusterView, LATER_KINDS, RULE_KINDS } from '../view/view.ts'
import {
  certificateFiles,
  certificateOptions,
  clientFile,
  clientOptions,
  installationOptions,
  installedIn,
  servingOptions,
} from './certificate-options.ts'
import type { Command } from './command.ts'
import {
  commonOptions,
  describeOptions,
  milliseconds,
  names,
  parseOptions,
  policyOptions,
  port,
  seconds,
  workerCount,
} from './options.ts'
import { version } from './version.ts'
import { webhookCertificate } from './webhook-certificate.ts'

const OPTIONS = {
  ...commonOptions,
  port: {
    schema: port.default(8443),
    value: 'PORT',
    help: 'https port that the API server calls; default 8443',
  },
  ...installationOptions,
  ...certificateOptions,
  ...servingOptions,
  ...clientOptions,
  ...policyOptions,
  'job-controller-user': {
    schema: names.default([
      'system:serviceaccount:kube-system:job-controller',
      'system:kube-controller-manager',
    ]),
    value: 'NAME,…',
    help: 'user names that the Job controller uses to create pods; default: its service account, system:kube-controller-manager',
  },
  'controller-user': {
    schema: z.string().min(1).optional(),
    value: 'NAME',
    help: 'user name that the ModelCache controller uses to create Jobs; default: its service account in --namespace',
  },
  'max-event-loop-lag': {
    schema: milliseconds.default(1_000),
    value: 'MS',
    help: 'event-loop delay in milliseconds above which requests get 503; 0 turns this off; default 1000',
  },
  workers: {
    schema: workerCount.default(1),
    value: 'N',
    help: 'how many processes to run; each uses one core and has its own watches and memory; default 1',
  },
  'drain-seconds': {
    schema: seconds.default(10),
    value: 'SECONDS',
    help: 'seconds that the webhook keeps serving after SIGTERM, until API servers no longer call it; default 10',
  },
}

const HELP = `Usage: modelcache webhook [options]

Serves the admission webhooks: /mutate-pods, /validate-pods, /validate-jobs, /validate-workloads,
/validate-modelcaches, /validate-modeldeployments and /validate-inferenceclusters.

${describeOptions(OPTIONS)}
`

/** The admission webhooks: watches the cluster, answers the API server, and drains on SIGTERM. */
export const webhook: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const files = certificateFiles(options)
    const clientCAs = clientFile(options)
    const namespace = installedIn(options)
    const leveled = createLogger(options['log-level'])
    const { logger } = leveled
    exitOnUncaught(logger)
    if (options.workers > 1 && !isWorker()) return serveByWorkers(options, logger)
    const { terminated, terminate } = isWorker()
      ? terminationOfWorker(logger)
      : { terminated: terminationSignal(logger), terminate: () => {} }
    // The watches outlive the termination signal, because requests in flight still need them.
    const stopWatches = new AbortController()
    await followLogLevel(leveled, {
      file: options['log-level-file'],
      fallback: options['log-level'],
      signal: stopWatches.signal,
    })

    const config = loadKubeConfig(options.kubeconfig)
    const metrics = createMetrics()
    exposeBuild(metrics, version())
    const certificate = webhookCertificate({
      files,
      namespace,
      service: options.service,
      lifetimeMs: options['certificate-lifetime'],
      config,
      metrics,
      logger,
      signal: stopWatches.signal,
    })
    const clients =
      clientCAs === undefined
        ? undefined
        : clientAuthority({ file: clientCAs, logger, signal: stopWatches.signal })
    const watches = watchCluster({
      kinds: RULE_KINDS,
      later: LATER_KINDS,
      config,
      logger,
      signal: stopWatches.signal,
    })
    exposeWatches(metrics, watches)
    const policy = {
      unknownProvisioner: options['unknown-provisioner'],
      jobControllers: options['job-controller-user'],
      controllerUser:
        options['controller-user'] ?? `system:serviceaccount:${namespace}:modelcache-controller`,
      clusterName: options['cluster-name'],
      hydrationKeys: options['hydration-metadata'],
    }
    const checks = [
      () => (watches.synced() ? undefined : 'watches are not synced'),
      () => (certificate.current() === undefined ? 'there is no serving certificate yet' : undefined),
    ]
    const health = createHealthServer({ checks, metrics })
    if (isWorker()) obeyFirstProcess({ checks, registry: metrics.registry, terminate })
    else await health.listen({ host: options.host, port: options['health-port'] })
    // Until there is a certificate there can be no handshake. A refused connection tells the client soonest.
    const pair = await Promise.race([certificate.first, aborted(terminated)])
    if (pair === undefined) {
      stopWatches.abort()
      await health.close()
      leaveFirstProcess()
      return 0
    }
    const lag = watchEventLoop()
    const admission = createAdmissionServer({
      tls: tlsOf(pair, clients),
      clientNames: options['client-name'],
      webhooks: {
        '/mutate-pods': mutatePod,
        '/validate-pods': (request, view) => validatePod(request, view, policy),
        '/validate-jobs': (request, view) => validateJob(request, view, policy),
        '/validate-workloads': validateWorkload,
        '/validate-modeldeployments': (request, view) => validateModelDeployment(request, view, policy),
        '/validate-inferenceclusters': validateInferenceCluster,
        '/validate-modelcaches': (request, view) => validateModelCache(request, view, policy),
      },
      view: createClusterView(watches.stores),
      confirm: createLiveReader(createRest(config)),
      synced: watches.synced,
      inDoubt: watches.inDoubt,
      draining: () => terminated.aborted,
      overload: { lagMs: lag.ms, maxLagMs: options['max-event-loop-lag'] },
      metrics: createAdmissionMetrics(metrics),
      logger,
    })
    const renew = () => renewCertificate(admission, tlsOf(certificate.current() ?? pair, clients))
    certificate.onRenewal(renew)
    clients?.onChange(renew)
    await admission.listen({ host: options.host, port: options.port })
    logger.info({ port: options.port, healthPort: options['health-port'] }, 'listening')
    watches.whenSynced.then(
      () => logger.info('watches are synced'),
      () => {},
    )
    watches.whenComplete.then(
      () => {
        // Reviews wait while this runs, once. Before the replica was ready, it would delay that by as much.
        compactHeap()
        logger.info('pods are listed')
      },
      () => {},
    )

    await aborted(terminated)
    // Stay ready and keep serving for a while: if all replicas end together, kube-proxy falls back on ending
    // ones that are ready.
    await sleep(options['drain-seconds'] * 1000)
    await closeWithin(admission, 5_000, logger)
    stopWatches.abort()
    await health.close()
    leaveFirstProcess()
    return 0
  },
}

/** Runs workers that share the port. This process answers probes and scrapes for all of them. */
async function serveByWorkers(
  { workers: count, host, 'health-port': port }: { workers: number; host: string; 'health-port': number },
  logger: Logger,
): Promise<number> {
  const terminated = terminationSignal(logger)
  const workers = startWorkers(count, logger)
  const health = createHealthServer({
    checks: [workers.notReady],
    isAlive: workers.isAlive,
    metrics: { registry: workers.metrics },
  })
  await health.listen({ host, port })
  logger.info({ workers: count, healthPort: port }, 'workers started')
  void aborted(terminated).then(workers.terminate)
  const code = await workers.ended
  await health.close()
  return code
}

function tlsOf({ certPem, keyPem }: KeyedCertificate, clients: ClientAuthority | undefined) {
  return { cert: certPem, key: keyPem, ...(clients && { ca: clients.current() }) }
}

/** Ends the server: open requests finish, idle connections are closed, and after a time the rest is cut. */
async function closeWithin(
  server: { close(): Promise<unknown>; server: { closeAllConnections(): void } },
  ms: number,
  logger: Logger,
) {
  const cut = setTimeout(() => {
    logger.warn('closing connections that are still open')
    server.server.closeAllConnections()
  }, ms)
  await server.close()
  clearTimeout(cut)
}
