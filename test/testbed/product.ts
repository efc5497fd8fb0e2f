import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Binaries } from './binaries.ts'
import { outputOf, runCommand } from './command.ts'
import type { ControlPlane } from './control-plane.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { applyObjects, type Kubectl, kubectlFor } from './kubectl.ts'
import { type LocalWebhook, routeToLocal } from './local-webhook.ts'
import { type KubeObject, parseObjects } from './objects.ts'
import { freePorts } from './ports.ts'
import { prepareRole, type Role } from './role.ts'
import { waitUntilServed } from './served.ts'
import { waitUntil } from './wait.ts'

/** The webhook as a test sees it. */
export interface ProductWebhook extends Role {
  /** Base of the URLs that the API server calls. */
  readonly url: string
  /** The CA of its serving certificate at the start. */
  readonly caPem: string
}

/** ModelCache, installed from its manifests and running beside the control plane. */
export interface Product {
  readonly webhook: ProductWebhook
  readonly controller: Role
  /** Another replica of a role, which does not run yet. Whoever starts it must stop it. */
  prepareReplica(role?: 'webhook' | 'controller', settings?: RoleSettings): Promise<Role>
  /** Ends both processes. What was installed stays. */
  stop(): Promise<void>
}

/** How to run a role, in addition to what it needs to run here. */
export interface RoleSettings {
  /** The file to run; default src/main.ts. */
  main?: string
  options?: readonly string[]
  env?: NodeJS.ProcessEnv
}

export interface ProductRequest {
  /** Folder for its kubeconfigs and logs. */
  dir: string
  binaries: Binaries
  controlPlane: ControlPlane
  settings?: Readonly<Partial<Record<'webhook' | 'controller', RoleSettings>>>
}

const NAMESPACE = 'modelcache-system'
const SERVICE = 'modelcache-webhook'
const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url))
const HYDRATOR_IMAGE = 'modelcache:test'
const CALLED_MS = 30_000
// No load balancer must notice that the webhook leaves, so a short wait is enough.
const DRAIN_SECONDS = '1'

/**
 * Installs ModelCache as shipped, all at once, and runs both roles, each as its own ServiceAccount. Resolves
 * when the API server really calls the webhook. On failure neither role is left running.
 */
export async function startProduct(request: ProductRequest): Promise<Product> {
  const { dir, binaries, controlPlane, settings = {} } = request
  const kubectl = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir)
  const [port = 0, webhookHealth = 0, controllerHealth = 0] = await freePorts(3)
  const objects = await renderManifests(binaries, { service: SERVICE, namespace: NAMESPACE, port })
  await applyObjects(kubectl, objects, 'ModelCache')
  await waitUntilServed(kubectl, objects)
  const [webhookConfig, controllerConfig] = await Promise.all(
    ['modelcache-webhook', 'modelcache-controller'].map(name =>
      serviceAccountKubeconfig(name, dir, controlPlane, kubectl),
    ),
  )
  const webhookOn = (at: number, healthPort: number, log: string, own: RoleSettings = {}) =>
    prepareRole({
      role: 'webhook',
      main: own.main,
      args: [
        ...as(webhookConfig),
        ...['--port', `${at}`, '--drain-seconds', DRAIN_SECONDS],
        ...(own.options ?? []),
      ],
      env: own.env,
      healthPort,
      logPath: join(dir, 'log', log),
    })
  const controllerOn = (healthPort: number, log: string, own: RoleSettings = {}) =>
    prepareRole({
      role: 'controller',
      main: own.main,
      // It has no pod of its own that would tell the image of its Jobs.
      args: [...as(controllerConfig), '--hydrator-image', HYDRATOR_IMAGE, ...(own.options ?? [])],
      env: own.env,
      healthPort,
      logPath: join(dir, 'log', log),
    })
  const webhook = webhookOn(port, webhookHealth, 'modelcache-webhook.log', settings.webhook)
  const controller = controllerOn(controllerHealth, 'modelcache-controller.log', settings.controller)
  const prepareReplica: Product['prepareReplica'] = async (role = 'controller', own = {}) => {
    const [at = 0, healthPort = 0] = await freePorts(2)
    const log = `modelcache-${role}-${healthPort}.log`
    return role === 'webhook' ? webhookOn(at, healthPort, log, own) : controllerOn(healthPort, log, own)
  }
  const stop = async () => {
    await Promise.all([webhook.stop(), controller.stop()])
  }
  await using started = new AsyncDisposableStack()
  started.defer(stop)
  // The controller is ready once the API server trusts the CA of the webhook.
  await Promise.all([webhook.start(), controller.start()])
  await waitUntilCalled(kubectl)
  const caPem = await bundleOf(kubectl)
  started.move()
  return {
    webhook: { ...webhook, url: `https://127.0.0.1:${port}`, caPem },
    controller,
    prepareReplica,
    stop,
  }
}

async function renderManifests(binaries: Binaries, webhook: LocalWebhook): Promise<KubeObject[]> {
  const rendered = await runCommand(binaries.kubectl, ['kustomize', MANIFESTS])
  const objects = parseObjects(outputOf(rendered, "rendering ModelCache's manifests"))
  return objects.map(object => routeToLocal(object, webhook))
}

function as(kubeconfig = ''): string[] {
  return ['--kubeconfig', kubeconfig]
}

/** A token of the role's own ServiceAccount, so that a missing right fails here too. */
export async function serviceAccountKubeconfig(
  name: string,
  dir: string,
  controlPlane: ControlPlane,
  kubectl: Kubectl,
): Promise<string> {
  const result = await kubectl(['create', 'token', name, '--namespace', NAMESPACE, '--duration', '24h'])
  const token = outputOf(result, `making a token for ServiceAccount ${name}`).trim()
  const path = join(dir, `${name}.kubeconfig`)
  const text = kubeconfigFor(controlPlane.server, controlPlane.ca.certPem, { token })
  await writeFile(path, text, { mode: 0o600 })
  return path
}

/** The CA that the API server is told to trust. */
async function bundleOf(kubectl: Kubectl): Promise<string> {
  const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}'
  const result = await kubectl(['get', 'mutatingwebhookconfiguration/modelcache-mutating', '--output', path])
  return Buffer.from(outputOf(result, 'reading caBundle'), 'base64').toString()
}

/** A pod that asks for a missing cache is denied, and only the webhook can know that. */
async function waitUntilCalled(kubectl: Kubectl): Promise<void> {
  const pod = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'testbed-probe',
      namespace: 'default',
      annotations: { 'modelplane.ai/caches': 'testbed-probe' },
    },
    spec: { containers: [{ name: 'main', image: 'probe' }] },
  })
  await waitUntil({
    what: "calls of the API server to ModelCache's webhook",
    timeoutMs: CALLED_MS,
    probe: async () => {
      const { code, stderr } = await kubectl(['create', '--dry-run=server', '--filename', '-'], pod)
      if (code === 0) return 'a pod that asks for a missing cache is let through'
      return stderr.includes('CacheNotFound') ? undefined : stderr.trim()
    },
  })
}
