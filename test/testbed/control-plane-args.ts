import { join } from 'node:path'
import { type Host, hasNetwork } from './host.ts'

/**
 * Where one control plane keeps its files and listens: on loopback, and for nodes on the address of the host as well.
 */
export interface Layout {
  dir: string
  /** The API server's URL, as this machine's processes reach it. */
  server: string
  /** The same, as processes on the host and nodes reach it. */
  internalServer: string
  host: Host
  apiPort: number
  etcdPort: number
  peerPort: number
}

const LOOPBACK = '127.0.0.1'

/** Flags of etcd: one member, and no fsync, since the data need not outlive the run. */
export function etcdArgs({ dir, etcdPort, peerPort }: Layout): string[] {
  const client = `http://${LOOPBACK}:${etcdPort}`
  const peer = `http://${LOOPBACK}:${peerPort}`
  return flags({
    name: 'testbed',
    'data-dir': join(dir, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `testbed=${peer}`,
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  })
}

/**
 * Flags of kube-apiserver. There is no --enable-aggregator-routing, because with it the API server refuses
 * the Services of type ExternalName by which webhooks on this machine are reached.
 */
export function apiserverArgs(
  { dir, host, apiPort, etcdPort }: Layout,
  more: Readonly<Record<string, string>>,
): string[] {
  const pki = join(dir, 'pki')
  return flags({
    'etcd-servers': `http://${LOOPBACK}:${etcdPort}`,
    ...(hasNetwork(host) ? reachable(host, pki) : loopbackAlone),
    'secure-port': `${apiPort}`,
    'cert-dir': pki,
    'tls-cert-file': join(pki, 'apiserver.crt'),
    'tls-private-key-file': join(pki, 'apiserver.key'),
    'client-ca-file': join(pki, 'ca.crt'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'service-account-key-file': join(pki, 'service-account.key'),
    'service-account-signing-key-file': join(pki, 'service-account.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'authorization-mode': 'Node,RBAC',
    'allow-privileged': 'true',
    profiling: 'false',
    ...more,
  })
}

const loopbackAlone = {
  'bind-address': LOOPBACK,
  'advertise-address': LOOPBACK,
  // A loopback address is not allowed in the endpoints of the Service 'kubernetes'; nobody asks for them.
  'endpoint-reconciler-type': 'none',
}

/** For pods, which reach the API server by its Service, and for kubelets, which it calls for logs. */
function reachable({ address }: Host, pki: string) {
  return {
    'bind-address': '0.0.0.0',
    'advertise-address': address,
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-client-certificate': join(pki, 'admin.crt'),
    'kubelet-client-key': join(pki, 'admin.key'),
  }
}

/** Flags of kube-controller-manager: every controller, under its own ServiceAccount as in a real cluster. */
export function controllerManagerArgs({ dir }: Layout): string[] {
  const pki = join(dir, 'pki')
  return flags({
    kubeconfig: join(dir, 'controller-manager.kubeconfig'),
    controllers: '*',
    'leader-elect': 'false',
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': join(pki, 'service-account.key'),
    'root-ca-file': join(pki, 'ca.crt'),
    'cluster-signing-cert-file': join(pki, 'ca.crt'),
    'cluster-signing-key-file': join(pki, 'ca.key'),
    'secure-port': '0',
    // With the default of 20 a second, setting up forty controllers alone takes four seconds.
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
    profiling: 'false',
  })
}

function flags(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`)
}
