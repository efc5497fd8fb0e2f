import type { Binaries } from './binaries.ts'
import { type OutsideManager, type OutsideManagerRequest, startOutsideManager } from './outside-manager.ts'

/** LeaderWorkerSet, running beside the control plane. */
export function startLws({
  binaries,
  ...request
}: OutsideManagerRequest & { binaries: Binaries }): Promise<OutsideManager> {
  const spec = { containers: [{ name: 'main', image: 'probe' }] }
  return startOutsideManager(request, {
    name: 'LeaderWorkerSet',
    id: 'lws',
    binary: binaries.lwsManager,
    manifest: binaries.lwsManifest,
    namespace: 'lws-system',
    service: 'lws-webhook-service',
    config: ({ webhookPort, healthPort, certDir }) => ({
      apiVersion: 'config.lws.x-k8s.io/v1alpha1',
      kind: 'Configuration',
      leaderElection: { leaderElect: false },
      // Its certificates come from a Secret mounted into a pod, and it would wait forever for that.
      internalCertManagement: { enable: false },
      webhook: { host: '127.0.0.1', port: webhookPort, certDir },
      health: { healthProbeBindAddress: `127.0.0.1:${healthPort}` },
      metrics: { bindAddress: '0' },
    }),
    probe: {
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'testbed-probe', namespace: 'default' },
      spec: { replicas: 1, leaderWorkerTemplate: { size: 2, workerTemplate: { spec } } },
    },
  })
}
