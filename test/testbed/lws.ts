import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { serviceDnsNames } from '../../src/certs/issue.ts'
import type { Binaries } from './binaries.ts'
import type { ControlPlane } from './control-plane.ts'
import { type Host, thisMachine } from './host.ts'
import { answersOk } from './http.ts'
import { applyObjects, type Kubectl } from './kubectl.ts'
import { type LocalWebhook, routeToLocal } from './local-webhook.ts'
import { parseObjects } from './objects.ts'
import { issueServing, writePair } from './pki.ts'
import { freePorts } from './ports.ts'
import { type Child, startChild } from './process.ts'
import { waitUntilServed } from './served.ts'
import { waitUntil } from './wait.ts'

/** The manager of LeaderWorkerSet, running beside the control plane. */
export interface Lws {
  readonly logPath: string
  /** Ends the manager. What it installed stays. */
  stop(): Promise<void>
}

export interface LwsRequest {
  dir: string
  binaries: Binaries
  controlPlane: ControlPlane
  kubectl: Kubectl
  /** Where it runs. */
  host?: Host
}

const NAMESPACE = 'lws-system'
const SERVICE = 'lws-webhook-service'
const READY_MS = 60_000

/**
 * Installs LeaderWorkerSet from its own manifests, except for the Deployment, and runs its manager outside
 * the cluster. Resolves when a LeaderWorkerSet passes through its webhooks.
 */
export async function startLws(request: LwsRequest): Promise<Lws> {
  const { dir, binaries, controlPlane, kubectl, host = thisMachine } = request
  const [webhookPort = 0, healthPort = 0] = await freePorts(2)
  const certDir = join(dir, 'lws')
  const webhook = {
    service: SERVICE,
    namespace: NAMESPACE,
    port: webhookPort,
    caPem: controlPlane.ca.certPem,
  }
  const certificate = await issueServing(controlPlane.ca, serviceDnsNames(SERVICE, NAMESPACE))
  await writePair(certDir, 'tls', certificate)
  await install(binaries, kubectl, webhook)
  const config = join(certDir, 'config.yaml')
  await writeFile(config, managerConfig({ webhookPort, healthPort, certDir }))
  const [command = '', ...args] = [...host.enter, binaries.lwsManager, '--config', config]
  const manager = startChild({
    name: 'lws-manager',
    command,
    args,
    env: { ...process.env, KUBECONFIG: controlPlane.internalKubeconfig, POD_NAMESPACE: NAMESPACE },
    logPath: join(dir, 'log', 'lws-manager.log'),
  })
  await using started = new AsyncDisposableStack()
  started.defer(() => manager.stop())
  await waitForManager(manager, await host.expose(healthPort), kubectl)
  const running = started.move()
  return { logPath: manager.logPath, stop: () => running.disposeAsync() }
}

async function install(binaries: Binaries, kubectl: Kubectl, webhook: LocalWebhook): Promise<void> {
  const objects = parseObjects(await readFile(binaries.lwsManifest, 'utf8'))
    .filter(({ kind }) => kind !== 'Deployment')
    .map(object => routeToLocal(object, webhook))
  await applyObjects(kubectl, objects, 'LeaderWorkerSet')
  // The manager looks for its kinds once. If they are not served yet, it looks again only ten seconds later.
  await waitUntilServed(kubectl, objects)
}

function managerConfig(at: { webhookPort: number; healthPort: number; certDir: string }): string {
  return stringify({
    apiVersion: 'config.lws.x-k8s.io/v1alpha1',
    kind: 'Configuration',
    leaderElection: { leaderElect: false },
    // Its certificates come from a Secret mounted into a pod, and it would wait forever for that.
    internalCertManagement: { enable: false },
    webhook: { host: '127.0.0.1', port: at.webhookPort, certDir: at.certDir },
    health: { healthProbeBindAddress: `127.0.0.1:${at.healthPort}` },
    metrics: { bindAddress: '0' },
  })
}

async function waitForManager(manager: Child, healthPort: number, kubectl: Kubectl): Promise<void> {
  await waitUntil({
    what: 'readiness of the LeaderWorkerSet manager',
    timeoutMs: READY_MS,
    children: [manager],
    probe: answersOk(`http://127.0.0.1:${healthPort}/readyz`),
  })
  await waitUntil({
    what: 'admission of a LeaderWorkerSet',
    timeoutMs: READY_MS,
    intervalMs: 200,
    children: [manager],
    probe: async () => {
      const args = ['create', '--dry-run=server', '--filename', '-']
      const { code, stderr } = await kubectl(args, stringify(probeSet()))
      return code === 0 ? undefined : stderr.trim()
    },
  })
}

function probeSet(): object {
  const spec = { containers: [{ name: 'main', image: 'probe' }] }
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: 'testbed-probe', namespace: 'default' },
    spec: { replicas: 1, leaderWorkerTemplate: { size: 2, workerTemplate: { spec } } },
  }
}
