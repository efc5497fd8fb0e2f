import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyedCertificate } from '../../src/certs/issue.ts'
import type { Binaries } from './binaries.ts'
import { apiserverArgs, controllerManagerArgs, etcdArgs, type Layout } from './control-plane-args.ts'
import { type Daemon, prepareDaemon } from './daemon.ts'
import { type Host, thisMachine } from './host.ts'
import { answersOk } from './http.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { issuePki, type Pki, writePair } from './pki.ts'
import { freePorts } from './ports.ts'

/** A running Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager. */
export interface ControlPlane {
  /** The API server's URL. */
  readonly server: string
  /** The same for nodes and pods. */
  readonly internalServer: string
  readonly pki: Pki
  readonly ca: KeyedCertificate
  /** Path of a kubeconfig of a cluster administrator. */
  readonly kubeconfig: string
  /** The same for processes on the host. */
  readonly internalKubeconfig: string
  /** The processes behind it, for tests that stop and restart them. Their data survives that. */
  readonly etcd: Daemon
  readonly apiserver: Daemon
  /** Ends all three processes. Resolves when they are gone. */
  stop(): Promise<void>
}

export interface ControlPlaneRequest {
  /** Folder for its data, keys and logs. */
  dir: string
  binaries: Binaries
  /** Where it runs. */
  host?: Host
  /** Flags of kube-apiserver in addition to the usual ones. */
  apiserverFlags?: Readonly<Record<string, string>>
}

type Probe = () => Promise<string | undefined>

const READY_MS = 60_000
// The API server waits for open watches to end, and without etcd it would wait forever.
const APISERVER_GRACE_MS = 3_000

/**
 * Starts a control plane of its own. Several may run side by side. Resolves when the API server is ready and
 * the namespace `default` accepts pods. On failure nothing is left running, and the error names the process
 * at fault and shows the end of its log.
 */
export async function startControlPlane(request: ControlPlaneRequest): Promise<ControlPlane> {
  const { dir, binaries, host = thisMachine, apiserverFlags = {} } = request
  if (existsSync(join(dir, 'etcd'))) {
    throw new Error(`${dir} holds the data of another run; remove it or choose another folder`)
  }
  const [layout, pki] = await Promise.all([chooseLayout(dir, host), issuePki(host.address)])
  const files = await writeFiles(layout, pki)
  const admin = { ca: pki.ca.certPem, cert: pki.admin.certPem, key: pki.admin.keyPem }
  const get = (path: string) => answersOk(`${layout.server}${path}`, admin)

  await using started = new AsyncDisposableStack()
  const prepare = (name: string, command: string, args: string[], ready: Probe, graceMs?: number): Daemon => {
    const [first = command, ...rest] = [...host.enter, command, ...args]
    const logPath = join(dir, 'log', `${name}.log`)
    const grace = graceMs === undefined ? {} : { graceMs }
    const daemon = prepareDaemon({
      name,
      command: first,
      args: rest,
      logPath,
      ready,
      readyMs: READY_MS,
      ...grace,
    })
    started.defer(() => daemon.stop())
    return daemon
  }
  // The readiness of the API server shows the health of etcd.
  const etcd = prepare('etcd', binaries.etcd, etcdArgs(layout), async () => undefined)
  const apiserver = prepare(
    ...(['kube-apiserver', binaries.kubeApiserver, apiserverArgs(layout, apiserverFlags)] as const),
    get('/readyz'),
    APISERVER_GRACE_MS,
  )
  await Promise.all([etcd.start(), apiserver.start()])
  // It gives up after ten seconds without an API server, so it starts only now.
  const manager = prepare(
    ...(['kube-controller-manager', binaries.kubeControllerManager, controllerManagerArgs(layout)] as const),
    get('/api/v1/namespaces/default/serviceaccounts/default'),
  )
  await manager.start()
  // Disposal runs backwards: the controller manager first, etcd last.
  const running = started.move()
  return {
    server: layout.server,
    internalServer: layout.internalServer,
    pki,
    ca: pki.ca,
    kubeconfig: files.adminKubeconfig,
    internalKubeconfig: files.internalKubeconfig,
    etcd,
    apiserver,
    stop: () => running.disposeAsync(),
  }
}

async function chooseLayout(dir: string, host: Host): Promise<Layout> {
  const [apiPort = 0, etcdPort = 0, peerPort = 0] = await freePorts(3)
  const server = `https://127.0.0.1:${await host.expose(apiPort)}`
  return {
    dir,
    server,
    internalServer: `https://${host.address}:${apiPort}`,
    host,
    apiPort,
    etcdPort,
    peerPort,
  }
}

async function writeFiles({ dir, server, internalServer }: Layout, pki: Pki) {
  const secrets = join(dir, 'pki')
  const adminKubeconfig = join(dir, 'admin.kubeconfig')
  const internalKubeconfig = join(dir, 'internal.kubeconfig')
  await mkdir(secrets, { recursive: true, mode: 0o700 })
  const secret = { mode: 0o600 }
  await Promise.all([
    writePair(secrets, 'ca', pki.ca),
    writePair(secrets, 'apiserver', pki.apiserver),
    writePair(secrets, 'admin', pki.admin),
    writeFile(join(secrets, 'service-account.key'), pki.serviceAccountKeyPem, secret),
    writeFile(adminKubeconfig, kubeconfigFor(server, pki.ca.certPem, pki.admin), secret),
    writeFile(internalKubeconfig, kubeconfigFor(internalServer, pki.ca.certPem, pki.admin), secret),
    writeFile(
      join(dir, 'controller-manager.kubeconfig'),
      kubeconfigFor(internalServer, pki.ca.certPem, pki.controllerManager),
      secret,
    ),
  ])
  return { adminKubeconfig, internalKubeconfig }
}
