import { hostname } from 'node:os'
import { z } from 'zod'
import { FIELD_MANAGER } from '../api/names.ts'
import { errorMessage } from '../api/schema/text.ts'
import { exposeWatches } from '../cluster/watch-metrics.ts'
import { watchCluster } from '../cluster/watches.ts'
import { readAccessProviders } from '../hub/access-providers.ts'
import { readClusterID } from '../hub/cluster-id.ts'
import { startHub } from '../hub/hub.ts'
import type { Members } from '../hub/members.ts'
import { exposeClusters, exposeCopies, exposeShares } from '../hub/metrics.ts'
import { createRecorder } from '../kube/events.ts'
import { loadKubeConfig } from '../kube/kubeconfig.ts'
import { createRest } from '../kube/rest.ts'
import { createHealthServer } from '../process/health-server.ts'
import { createMetrics, exposeBuild, exposeReconcilers } from '../process/metrics.ts'
import { aborted } from '../process/termination.ts'
import { installationOptions, installedIn } from './certificate-options.ts'
import type { Command } from './command.ts'
import { electionOptions, leadIfElected } from './election.ts'
import {
  commonOptions,
  describeOptions,
  duration,
  flag,
  parseOptions,
  policyOptions,
  UsageError,
} from './options.ts'
import { startService } from './service.ts'
import { version } from './version.ts'

/** The Lease that all replicas compete for. manifests/components/hub/hub.yaml names it too. */
const LEASE = 'modelcache-hub'

const OPTIONS = {
  ...commonOptions,
  namespace: installationOptions.namespace,
  ...electionOptions,
  'cluster-name': policyOptions['cluster-name'],
  'replicate-secrets': {
    schema: flag,
    help: 'copy Secrets with label modelplane.ai/replicate=true that ModelCaches name to their clusters, too; the hub must be allowed to read Secrets',
  },
  'create-namespaces': {
    schema: flag,
    help: 'create the namespace of a copy in a cluster that lacks it; the account there must be allowed to: modelcache hub credentials --namespaces',
  },
  'cluster-grace': {
    schema: duration.default(5 * 60_000),
    value: 'TIME',
    help: 'how long a cluster that does not answer keeps its share of the replicas of ModelDeployments, such as 90s; default 5m',
  },
  'clusterprofile-provider-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'JSON file with the credential plugins for ClusterProfiles, by the name of the access provider (KEP-5339)',
  },
}

const HELP = `Usage: modelcache hub [options]

Brings each ModelCache to the clusters that its clusterSelector selects, splits the replicas of each ModelDeployment over
those whose caches are Ready, and says in their status how they fare. Says in the status of
each InferenceCluster whether caches can be staged there and why not. Reads the kubeconfigs of source Existing from Secrets in
--namespace. Several replicas elect one of them by Lease modelcache-hub; the others stand by.

${describeOptions(OPTIONS)}
`

/**
 * The hub of several clusters. It is installed only where somebody asks for it, because it reads kubeconfigs.
 */
export const hub: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const file = options['clusterprofile-provider-file']
    const providers = file === undefined ? [] : await providersIn(file)
    const { logger, signal } = await startService(options)
    const config = loadKubeConfig(options.kubeconfig)
    const watches = watchCluster({
      kinds: ['InferenceCluster', 'ModelCache', 'ModelDeployment'],
      config,
      logger,
      signal,
    })
    const secrets = options['replicate-secrets']
      ? watchCluster({ kinds: ['SharedSecret'], config, logger, signal })
      : undefined
    const metrics = createMetrics()
    exposeBuild(metrics, version())
    exposeWatches(metrics, { kinds: [...watches.kinds, ...(secrets?.kinds ?? [])] })
    let term: AbortSignal | undefined
    let members: Members | undefined
    const leads = () => term !== undefined && !term.aborted
    exposeClusters(metrics, { clusters: watches.stores.InferenceCluster, leads })
    exposeCopies(metrics, {
      copies: () => (leads() ? (members?.caches.entries() ?? []) : []),
      caches: watches.stores.ModelCache,
    })
    exposeShares(metrics, { deployments: watches.stores.ModelDeployment, leads })
    const observer = exposeReconcilers(metrics)
    const health = createHealthServer({
      checks: [
        () => (watches.synced() && secrets?.synced() !== false ? undefined : 'watches are not synced'),
      ],
      metrics,
    })
    await health.listen({ host: options.host, port: options['health-port'] })
    const synced = await Promise.all([watches.whenSynced, secrets?.whenSynced]).then(
      () => true,
      () => false,
    )
    const rest = createRest(config)
    const namespace = installedIn(options)
    const lead = (hubID: string) => (started: AbortSignal) => {
      term = started
      const recorder = createRecorder({
        controller: 'modelplane.ai/hub',
        instance: hostname(),
        fieldManager: FIELD_MANAGER,
        rest,
        logger,
        signal: started,
      })
      members = startHub({
        stores: watches.stores,
        secrets: secrets?.stores.SharedSecret,
        local: config,
        rest,
        hubID,
        clusterName: options['cluster-name'],
        graceMs: options['cluster-grace'],
        createsNamespaces: options['create-namespaces'],
        namespace,
        providers,
        recorder,
        observer,
        logger,
        signal: started,
      })
    }
    if (synced) {
      logger.info('watches are synced')
      const hubID = await readClusterID(rest, { signal })
      await leadIfElected({ options, lease: LEASE, namespace, rest, logger, signal, lead: lead(hubID) })
    }
    await aborted(signal)
    await health.close()
    return 0
  },
}

async function providersIn(file: string) {
  try {
    return await readAccessProviders(file)
  } catch (error) {
    throw new UsageError(`--clusterprofile-provider-file: ${errorMessage(error)}`)
  }
}
