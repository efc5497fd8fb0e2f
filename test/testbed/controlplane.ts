import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyedCertificate } from '../../src/certs/issue.ts'
import type { Binaries } from './binaries.ts'
import { apiserverArgs, controllerManagerArgs, etcdArgs, type Layout } from './controlplaneargs.ts'
import { answersOk } from './http.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { issuePki, type Pki, writePair } from './pki.ts'
import { freePorts } from './ports.ts'
import { type Child, startChild } from './process.ts'
import { waitUntil } from './wait.ts'

/** A running Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager on loopback. */
export interface ControlPlane {
  /** The API server's URL. */
  readonly server: string
  readonly ca: KeyedCertificate
  /** Path of a kubeconfig of a cluster administrator. */
  readonly kubeconfig: string
  /** Ends all three processes; resolves when they are gone. */
  stop(): Promise<void>
}

export interface ControlPlaneRequest {
  /** Folder for its data, keys and logs. */
  dir: string
  binaries: Binaries
}

const READY_MS = 60_000
// The API server waits for open watches to end and, once etcd is gone, would wait for ever.
const APISERVER_GRACE_MS = 3_000

/**
 * Starts a control plane of its own: several may run side by side. Resolves when the API server is ready
 * and the namespace `default` can take pods. When that fails, nothing is left running, and the error names
 * the process at fault and shows the end of its log.
 */
export async function startControlPlane({ dir, binaries }: ControlPlaneRequest): Promise<ControlPlane> {
  if (existsSync(join(dir, 'etcd'))) {
    throw new Error(`${dir} holds the data of another run; remove it or choose another folder`)
  }
  const [layout, pki] = await Promise.all([chooseLayout(dir), issuePki()])
  const files = await writeFiles(layout, pki)
  await using started = new AsyncDisposableStack()
  const run = (name: string, command: string, args: string[], graceMs?: number): Child => {
    const logPath = join(dir, 'log', `${name}.log`)
    const child = startChild({ name, command, args, logPath, ...(graceMs === undefined ? {} : { graceMs }) })
    started.defer(() => child.stop())
    return child
  }
  const etcd = run('etcd', binaries.etcd, etcdArgs(layout))
  const apiserverName = 'kube-apiserver'
  const apiserver = run(apiserverName, binaries.kubeApiserver, apiserverArgs(layout), APISERVER_GRACE_MS)
  const admin = { ca: pki.ca.certPem, cert: pki.admin.certPem, key: pki.admin.keyPem }
  const get = (path: string) => answersOk(`${layout.server}${path}`, admin)
  await waitUntil({
    what: 'readiness of kube-apiserver',
    timeoutMs: READY_MS,
    children: [etcd, apiserver],
    probe: get('/readyz'),
  })
  // It gives up after ten seconds without an API server, so it starts only now.
  const manager = run(
    'kube-controller-manager',
    binaries.kubeControllerManager,
    controllerManagerArgs(layout),
  )
  await waitUntil({
    what: "the ServiceAccount of namespace 'default'",
    timeoutMs: READY_MS,
    children: [etcd, apiserver, manager],
    probe: get('/api/v1/namespaces/default/serviceaccounts/default'),
  })
  // Disposal runs backwards: the controller manager first, etcd last.
  const running = started.move()
  return {
    server: layout.server,
    ca: pki.ca,
    kubeconfig: files.adminKubeconfig,
    stop: () => running.disposeAsync(),
  }
}

async function chooseLayout(dir: string): Promise<Layout> {
  const [apiPort = 0, etcdPort = 0, peerPort = 0] = await freePorts(3)
  return { dir, server: `https://127.0.0.1:${apiPort}`, apiPort, etcdPort, peerPort }
}

async function writeFiles({ dir, server }: Layout, pki: Pki) {
  const secrets = join(dir, 'pki')
  const adminKubeconfig = join(dir, 'admin.kubeconfig')
  await mkdir(secrets, { recursive: true, mode: 0o700 })
  const secret = { mode: 0o600 }
  await Promise.all([
    writePair(secrets, 'ca', pki.ca),
    writePair(secrets, 'apiserver', pki.apiserver),
    writeFile(join(secrets, 'service-account.key'), pki.serviceAccountKeyPem, secret),
    writeFile(adminKubeconfig, kubeconfigFor(server, pki.ca.certPem, pki.admin), secret),
    writeFile(
      join(dir, 'controller-manager.kubeconfig'),
      kubeconfigFor(server, pki.ca.certPem, pki.controllerManager),
      secret,
    ),
  ])
  return { adminKubeconfig }
}
