import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { issueLeaf } from '../../../src/certs/issue.ts'
import type { NodeBinaries } from '../binaries.ts'
import type { ControlPlane } from '../control-plane.ts'
import { type Daemon, prepareDaemon } from '../daemon.ts'
import { kubeconfigFor } from '../kubeconfig.ts'
import type { Kubectl } from '../kubectl.ts'
import { writePair } from '../pki.ts'
import { waitUntil } from '../wait.ts'
import { startContainerd } from './containerd.ts'
import type { Sandbox } from './sandbox.ts'

const NAME = 'node1'
const READY_MS = 180_000
const POD_NETWORK = '10.244.0.0/16'

export interface NodeRequest {
  sandbox: Sandbox
  binaries: NodeBinaries
  /** Archives of the images that it has from the start. */
  images: readonly string[]
  controlPlane: ControlPlane
  kubectl: Kubectl
}

export interface StartedNode {
  /** The command line of its container runtime. */
  ctr: readonly string[]
  /** By name. */
  daemons: Readonly<Record<'containerd' | 'kubelet', Daemon>>
}

/**
 * Starts what makes the sandbox a node of the control plane in it: scheduler, containerd, kubelet and
 * kube-proxy. Resolves when the node is Ready. All of it ends with the sandbox.
 */
export async function startNode({
  sandbox,
  binaries,
  images,
  controlPlane,
  kubectl,
}: NodeRequest): Promise<StartedNode> {
  const { dir, data, enter } = sandbox
  const { internalServer: server, pki } = controlPlane
  const identity = await issueLeaf(pki.ca, {
    commonName: `system:node:${NAME}`,
    organization: 'system:nodes',
    dnsNames: [NAME],
    ipAddresses: [sandbox.address],
    days: 30,
    usages: ['serverAuth', 'clientAuth'],
  })
  const file = async (name: string, content: string) => {
    await writeFile(join(data, name), content, { mode: 0o600 })
    return join(data, name)
  }
  const { certFile, keyFile } = await writePair(data, NAME, identity)
  const kubeconfig = (name: string, who: typeof identity) =>
    file(`${name}.kubeconfig`, kubeconfigFor(server, pki.ca.certPem, who))
  const run = async (name: string, executable: string, args: readonly string[]): Promise<Daemon> => {
    const [command = '', ...rest] = [...enter, executable, ...args]
    const logPath = join(dir, 'log', `${name}.log`)
    const ready = async () => undefined
    const daemon = prepareDaemon({ name, command, args: rest, logPath, ready, readyMs: READY_MS })
    await daemon.start()
    return daemon
  }
  const scheduler = await run('kube-scheduler', binaries.kubeScheduler, [
    `--kubeconfig=${await kubeconfig('scheduler', pki.scheduler)}`,
    '--leader-elect=false',
    '--secure-port=0',
  ])
  const { socket, ctr, daemon: containerd } = await startContainerd({ sandbox, binaries, images })
  await mkdir(join(data, 'pod-logs'), { recursive: true })
  const kubeletConfig = kubeletConfiguration({
    sandbox,
    socket,
    certFile,
    keyFile,
    ca: join(dir, 'pki', 'ca.crt'),
  })
  const kubelet = await run('kubelet', binaries.kubelet, [
    `--config=${await file('kubelet.yaml', stringify(kubeletConfig))}`,
    `--kubeconfig=${await kubeconfig('kubelet', identity)}`,
    `--hostname-override=${NAME}`,
    `--node-ip=${sandbox.address}`,
    `--root-dir=${join(data, 'kubelet')}`,
    `--cert-dir=${join(data, 'kubelet-pki')}`,
  ])
  const proxyConfig = proxyConfiguration(await kubeconfig('kube-proxy', pki.kubeProxy))
  const proxy = await run('kube-proxy', binaries.kubeProxy, [
    `--config=${await file('kube-proxy.yaml', stringify(proxyConfig))}`,
  ])
  await waitUntil({
    what: `readiness of node ${NAME}`,
    timeoutMs: READY_MS,
    children: [kubelet, proxy, scheduler].flatMap(daemon => daemon.child() ?? []),
    probe: async () => {
      const path = 'jsonpath={.status.conditions[?(@.type=="Ready")]}'
      const { stdout, stderr } = await kubectl(['get', 'node', NAME, '--output', path])
      return stdout.includes('"status":"True"') ? undefined : stdout || stderr.trim()
    },
  })
  return { ctr, daemons: { containerd, kubelet } }
}

function kubeletConfiguration(options: {
  sandbox: Sandbox
  socket: string
  certFile: string
  keyFile: string
  ca: string
}): object {
  const { sandbox, socket, certFile, keyFile, ca } = options
  const low = { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' }
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Test machines may still have the old kind of cgroups, and swap.
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    // All pods are below a cgroup of this sandbox, so that no other cgroup is touched.
    cgroupRoot: sandbox.cgroup,
    containerRuntimeEndpoint: `unix://${socket}`,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: ca } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certFile,
    tlsPrivateKeyFile: keyFile,
    clusterDomain: 'cluster.local',
    evictionHard: low,
    imageGCHighThresholdPercent: 100,
    resolvConf: '/dev/null',
    podLogsDir: join(sandbox.data, 'pod-logs'),
    volumePluginDir: join(sandbox.data, 'volume-plugins'),
    // Tests should not wait a minute to see a change of a ConfigMap or a status.
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '5s',
  }
}

function proxyConfiguration(kubeconfig: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clusterCIDR: POD_NETWORK,
    clientConnection: { kubeconfig },
    // Limits that belong to the machine, not to the sandbox.
    conntrack: { maxPerCore: 0 },
    hostnameOverride: NAME,
    metricsBindAddress: '127.0.0.1:10249',
    iptables: { minSyncPeriod: '0s' },
  }
}
