import { hostname } from 'node:os'
import { z } from 'zod'
import { FIELD_MANAGER } from '../api/names.ts'
import { exposeWatches } from '../cluster/watch-metrics.ts'
import { watchCluster } from '../cluster/watches.ts'
import { startDeploymentReconciler } from '../controller/deployment/reconciler.ts'
import { createGateMetrics } from '../controller/gates/gate-metrics.ts'
import { startGateKeeper } from '../controller/gates/gatekeeper.ts'
import { createNudgeMetrics } from '../controller/gates/nudge-metrics.ts'
import { startNudger } from '../controller/gates/nudger.ts'
import { CONTROLLER_KINDS } from '../controller/kinds.ts'
import { createCacheMetrics } from '../controller/modelcache/cache-metrics.ts'
import type { HydratorSettings } from '../controller/modelcache/objects/hydration-job.ts'
import { startModelCacheReconciler } from '../controller/modelcache/reconciler.ts'
import { startRollouts } from '../controller/rollouts/rollouts.ts'
import { createRecorder } from '../kube/events.ts'
import { loadKubeConfig } from '../kube/kubeconfig.ts'
import { createRest } from '../kube/rest.ts'
import { compactHeap } from '../process/compact-heap.ts'
import { createHealthServer } from '../process/health-server.ts'
import { createMetrics, exposeBuild, exposeLeadership, exposeReconcilers } from '../process/metrics.ts'
import { aborted } from '../process/termination.ts'
import {
  authorityOptions,
  certificateOptions,
  installationOptions,
  installedIn,
} from './certificate-options.ts'
import type { Command } from './command.ts'
import { controllerCertificates } from './controller-certificates.ts'
import { electionOptions, leadIfElected } from './election.ts'
import { hydratorOptions, hydratorSettings } from './hydrator-settings.ts'
import { commonOptions, describeOptions, parseOptions, policyOptions } from './options.ts'
import { startService } from './service.ts'
import { version } from './version.ts'

/** The Lease that all replicas compete for. manifests/rbac.yaml names it too. */
const LEASE = 'modelcache-controller'

/** Nobody counts to more. */
const limit = z.coerce.number().int().min(1).max(100_000).optional()

const OPTIONS = {
  ...commonOptions,
  ...installationOptions,
  ...electionOptions,
  'cluster-name': policyOptions['cluster-name'],
  'hydration-metadata': policyOptions['hydration-metadata'],
  'max-concurrent-hydrations': {
    schema: limit,
    value: 'N',
    help: 'how many hydrations run side by side in the cluster; the others wait, each namespace in turn; default: no limit',
  },
  'max-concurrent-hydrations-per-namespace': {
    schema: limit,
    value: 'N',
    help: 'the same in each namespace',
  },
  ...hydratorOptions,
  ...certificateOptions,
  ...authorityOptions,
}

const HELP = `Usage: modelcache controller [options]

Stages every ModelCache: creates its claim and the Job that fills it, and writes its status. Removes the gates of pods whose caches
are Ready, and tells the API server which CA to trust. Several replicas elect one of them by Lease modelcache-controller; the
others stand by.

${describeOptions(OPTIONS)}
`

/**
 * The controller. Every replica watches ModelCaches and what is created for them. The leader stages caches,
 * writes status and removes gates.
 */
export const controller: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const { logger, signal } = await startService(options)
    const config = loadKubeConfig(options.kubeconfig)
    const watches = watchCluster({ kinds: CONTROLLER_KINDS, config, logger, signal })
    const metrics = createMetrics()
    exposeBuild(metrics, version())
    exposeWatches(metrics, watches)
    let term: AbortSignal | undefined
    const leads = () => term !== undefined && !term.aborted
    exposeLeadership(metrics, leads)
    const { ModelCache: caches, Pod: pods } = watches.stores
    const cacheMetrics = createCacheMetrics(metrics, { caches, leads })
    const gateMetrics = createGateMetrics(metrics, { pods, leads })
    const nudgeMetrics = createNudgeMetrics(metrics)
    const namespace = installedIn(options)
    const certificates =
      options['cert-source'] === 'files'
        ? undefined
        : controllerCertificates({
            service: { name: options.service, namespace },
            caLifetimeMs: options['ca-lifetime'],
            settleMs: options['ca-settle'],
            config,
            metrics,
            logger,
            signal,
          })
    const health = createHealthServer({
      // Leadership does not count: a standby replica is as ready as it can be.
      checks: [
        () => (watches.synced() ? undefined : 'watches are not synced'),
        // A rollout should be complete only when the API server really calls the webhooks.
        () => certificates?.problem(),
      ],
      metrics,
    })
    await health.listen({ host: options.host, port: options['health-port'] })
    const synced = await watches.whenSynced.then(
      () => true,
      () => false,
    )
    const rest = createRest(config)
    const observer = exposeReconcilers(metrics)
    const lead = (started: AbortSignal, hydrator: HydratorSettings) => {
      term = started
      const recorder = createRecorder({
        controller: 'modelplane.ai/controller',
        instance: hostname(),
        fieldManager: FIELD_MANAGER,
        rest,
        logger,
        signal: started,
      })
      const work = { stores: watches.stores, rest, recorder, observer, logger, signal: started }
      const settings = { clusterName: options['cluster-name'] }
      const limits = {
        cluster: options['max-concurrent-hydrations'],
        namespace: options['max-concurrent-hydrations-per-namespace'],
      }
      startModelCacheReconciler({ ...work, metrics: cacheMetrics, settings, limits, hydrator })
      startGateKeeper({ ...work, metrics: gateMetrics })
      startDeploymentReconciler({ ...work, clusterName: options['cluster-name'] })
      startNudger({ ...work, metrics: nudgeMetrics })
      startRollouts(work)
      certificates?.lead(started)
    }
    if (synced) {
      compactHeap()
      logger.info('watches are synced')
      // Before the election, so that a replica that cannot create Jobs never leads.
      const hydrator = await hydratorSettings(options, { rest, namespace, signal })
      const election = { options, lease: LEASE, namespace, rest, logger, signal }
      await leadIfElected({ ...election, lead: started => lead(started, hydrator) })
    }
    await aborted(signal)
    await health.close()
    return 0
  },
}
