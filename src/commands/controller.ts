import { pino } from 'pino'
import { loadKubeConfig } from '../cluster/kubeconfig.ts'
import { createRest } from '../cluster/rest.ts'
import { watchCluster } from '../cluster/watches.ts'
import { startController } from '../controller/controller.ts'
import { startGateKeeper } from '../controller/gatekeeper.ts'
import { createHealthServer } from '../server/healthserver.ts'
import { createMetrics, exposeWatches } from '../server/metrics.ts'
import type { Command } from './command.ts'
import { commonOptions, describeOptions, parseOptions } from './options.ts'
import { aborted, terminationSignal } from './termination.ts'

const HELP = `Usage: modelcache controller [options]

Keeps the status of every ModelCache true to the cluster, and lets pods go that wait for their caches. Run one: there is no leader election yet.

${describeOptions(commonOptions)}
`

/** The controller: watches ModelCaches, claims and waiting pods, writes status and lifts gates. */
export const controller: Command = {
  summary: 'keep the status of ModelCaches true to the cluster, and lift the gates of pods',
  async run(argv) {
    const options = parseOptions(commonOptions, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const logger = pino({ level: options['log-level'], base: null })
    const signal = terminationSignal(logger)
    const config = loadKubeConfig(options.kubeconfig)
    const watches = watchCluster({ config, logger, signal })
    const metrics = createMetrics()
    exposeWatches(metrics, watches)
    const health = createHealthServer({
      checks: [() => (watches.synced() ? undefined : 'watches are not synced')],
      metrics,
    })
    await health.listen({ host: options.host, port: options['health-port'] })
    const synced = await watches.whenSynced.then(
      () => true,
      () => false,
    )
    if (synced) {
      logger.info('watches are synced')
      const work = { stores: watches.stores, rest: createRest(config), logger, signal }
      startController(work)
      startGateKeeper(work)
    }
    await aborted(signal)
    await health.close()
    return 0
  },
}
