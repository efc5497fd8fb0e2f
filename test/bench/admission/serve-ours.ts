import '../../../src/process/heap-tuning.ts'
import { validateModelCache } from '../../../src/admission/modelcache/validate.ts'
import { mutatePod } from '../../../src/admission/pod/mutate.ts'
import { validateWorkload } from '../../../src/admission/workload/validate.ts'
import { createLogger } from '../../../src/process/logger.ts'
import { createMetrics } from '../../../src/process/metrics.ts'
import { createAdmissionMetrics } from '../../../src/server/admission-metrics.ts'
import { createAdmissionServer } from '../../../src/server/admission-server.ts'
import { watchEventLoop } from '../../../src/server/event-loop-lag.ts'
import { clusterOf } from '../cluster.ts'
import { certificate } from './certificate.ts'

// Runs the webhook like `modelcache webhook`, but with caches in memory instead of watches.

const lag = watchEventLoop()
const { logger } = createLogger('info')
const server = createAdmissionServer({
  tls: certificate(),
  webhooks: {
    '/mutate-pods': mutatePod,
    '/validate-workloads': validateWorkload,
    '/validate-modelcaches': (request, view) =>
      validateModelCache(request, view, {
        unknownProvisioner: 'Deny',
        jobControllers: [],
        controllerUser: '',
      }),
  },
  view: clusterOf({ caches: 1_000 }),
  confirm: async view => view,
  inDoubt: () => false,
  synced: () => true,
  draining: () => false,
  overload: { lagMs: lag.ms, maxLagMs: 1_000 },
  metrics: createAdmissionMetrics(createMetrics()),
  logger,
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`ready ${new URL(address).port}\n`)
