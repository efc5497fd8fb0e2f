import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { serviceDnsNames } from '../../src/certs/issue.ts'
import type { ControlPlane } from './control-plane.ts'
import { type Host, thisMachine } from './host.ts'
import { answersOk } from './http.ts'
import { applyObjects, type Kubectl } from './kubectl.ts'
import { routeToLocal } from './local-webhook.ts'
import { parseObjects } from './objects.ts'
import { issueServing, writePair } from './pki.ts'
import { freePorts } from './ports.ts'
import { type Child, startChild } from './process.ts'
import { waitUntilServed } from './served.ts'
import { waitUntil } from './wait.ts'

/** The manager of an operator, built on controller-runtime, running beside the control plane. */
export interface OutsideManager {
  readonly logPath: string
  /** Ends the manager. What it installed stays. */
  stop(): Promise<void>
}

/** Where the manager runs, and against which control plane. */
export interface OutsideManagerRequest {
  dir: string
  controlPlane: ControlPlane
  kubectl: Kubectl
  host?: Host
}

/** What the operator is. */
export interface Operator {
  /** For people. */
  name: string
  /** The short name of its process and of its folder. */
  id: string
  binary: string
  /** Its own manifests, rendered. */
  manifest: string
  namespace: string
  /** The Service of its webhooks. */
  service: string
  /** The configuration file of the manager. */
  config(at: { webhookPort: number; healthPort: number; certDir: string }): object
  /** The Secret with the certificate that the manager signs itself; absent if the manager gets ours. */
  certificateSecret?: string
  /** An object that its webhooks must admit before it counts as started. */
  probe: object
}

const READY_MS = 180_000

/** What needs pods, and an API server that asks one of them for some kinds. */
const LEFT_OUT = ['Deployment', 'APIService']

/**
 * Installs an operator from its own manifests, except for the Deployment, and runs its manager outside the
 * cluster. Resolves when an object passes through its webhooks.
 */
export async function startOutsideManager(
  request: OutsideManagerRequest,
  operator: Operator,
): Promise<OutsideManager> {
  const { dir, controlPlane, kubectl, host = thisMachine } = request
  const { id, namespace, service } = operator
  const [webhookPort = 0, healthPort = 0] = await freePorts(2)
  const certDir = join(dir, id)
  const certificate = await issueServing(controlPlane.ca, serviceDnsNames(service, namespace))
  await writePair(certDir, 'tls', certificate)
  await install(operator, kubectl, { service, namespace, port: webhookPort, caPem: controlPlane.ca.certPem })
  const config = join(certDir, 'config.yaml')
  await writeFile(config, stringify(operator.config({ webhookPort, healthPort, certDir })))
  const [command = '', ...args] = [...host.enter, operator.binary, '--config', config]
  const manager = startChild({
    name: `${id}-manager`,
    command,
    args,
    env: { ...process.env, KUBECONFIG: controlPlane.internalKubeconfig, POD_NAMESPACE: namespace },
    logPath: join(dir, 'log', `${id}-manager.log`),
  })
  await using started = new AsyncDisposableStack()
  started.defer(() => manager.stop())
  if (operator.certificateSecret !== undefined)
    await mountSecret(manager, kubectl, ['-n', namespace, operator.certificateSecret], certDir)
  await waitForManager(manager, operator, await host.expose(healthPort), kubectl)
  const running = started.move()
  return { logPath: manager.logPath, stop: () => running.disposeAsync() }
}

async function install(
  { name, manifest }: Operator,
  kubectl: Kubectl,
  webhook: Parameters<typeof routeToLocal>[1],
): Promise<void> {
  const objects = parseObjects(await readFile(manifest, 'utf8'))
    .filter(({ kind }) => !LEFT_OUT.includes(kind))
    .map(object => routeToLocal(object, webhook))
  await applyObjects(kubectl, objects, name)
  // The manager looks for its kinds once. If they are not served yet, it looks again only ten seconds later.
  await waitUntilServed(kubectl, objects)
}

/** Writes the certificate of a Secret to the folder, as kubelet does for a pod. */
async function mountSecret(
  manager: Child,
  kubectl: Kubectl,
  secret: readonly string[],
  certDir: string,
): Promise<void> {
  await waitUntil({
    what: `Secret ${secret.join(' ')}`,
    timeoutMs: READY_MS,
    intervalMs: 200,
    children: [manager],
    probe: async () => {
      const { stdout, stderr } = await kubectl(['get', 'secret', ...secret, '-o', 'json'])
      const { data } = certified.safeParse(stdout === '' ? {} : JSON.parse(stdout))
      if (data === undefined) return stderr.trim() || 'it has no certificate yet'
      const [certPem = '', keyPem = ''] = [data.data['tls.crt'], data.data['tls.key']].map(text =>
        Buffer.from(text, 'base64').toString(),
      )
      await writePair(certDir, 'tls', { certPem, keyPem })
      return undefined
    },
  })
}

const certified = z.object({ data: z.object({ 'tls.crt': z.string().min(1), 'tls.key': z.string().min(1) }) })

async function waitForManager(
  manager: Child,
  { name, probe }: Operator,
  healthPort: number,
  kubectl: Kubectl,
): Promise<void> {
  await waitUntil({
    what: `readiness of the manager of ${name}`,
    timeoutMs: READY_MS,
    children: [manager],
    probe: answersOk(`http://127.0.0.1:${healthPort}/readyz`),
  })
  await waitUntil({
    what: `an admission by ${name}`,
    timeoutMs: READY_MS,
    intervalMs: 200,
    children: [manager],
    probe: async () => {
      const args = ['create', '--dry-run=server', '--filename', '-']
      const { code, stderr } = await kubectl(args, stringify(probe))
      return code === 0 ? undefined : stderr.trim()
    },
  })
}
