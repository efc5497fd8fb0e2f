import { ensureKueue } from './binaries.ts'
import { type OutsideManager, type OutsideManagerRequest, startOutsideManager } from './outside-manager.ts'

/** Kueue, running beside the control plane, for Jobs only. */
export async function startKueue(request: OutsideManagerRequest): Promise<OutsideManager> {
  const { binary, manifest } = await ensureKueue(() => {})
  return startOutsideManager(request, {
    name: 'Kueue',
    id: 'kueue',
    binary,
    manifest,
    namespace: 'kueue-system',
    service: 'kueue-webhook-service',
    // With a certificate of others, it looks for one of its metrics in /etc.
    certificateSecret: 'kueue-webhook-server-cert',
    config: ({ webhookPort, healthPort, certDir }) => ({
      apiVersion: 'config.kueue.x-k8s.io/v1beta2',
      kind: 'Configuration',
      leaderElection: { leaderElect: false },
      webhook: { host: '127.0.0.1', port: webhookPort, certDir },
      health: { healthProbeBindAddress: `127.0.0.1:${healthPort}` },
      metrics: { bindAddress: '0' },
      integrations: { frameworks: ['batch/job'] },
      // It wants a certificate of its own in /visibility.
      featureGates: { VisibilityOnDemand: false },
    }),
    probe: {
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'ResourceFlavor',
      metadata: { name: 'testbed-probe' },
    },
  })
}
