import { join } from 'node:path'
import { type Host, hasNetwork } from './host.ts'

/**
 * Where one control plane keeps its files and listens: on loopback, and for nodes also on the address of the
 * host.
 */
export interface Layout {
  dir: string
  /** The API server's URL for processes of this machine. */
  server: string
  /** The same for processes on the host and on nodes. */
  internalServer: string
  host: Host
  apiPort: number
  etcdPort: number
  peerPort: number
}

const LOOPBACK = '127.0.0.1'

/** Flags of etcd: one member and no fsync, because the data need not outlive the run. */
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
 * Flags of kube-apiserver. Without --enable-aggregator-routing: with it, the API server rejects Services of
 * type ExternalName, which lead to webhooks on this machine.
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
  // The endpoints of Service 'kubernetes' may not have a loopback address. Nobody needs them.
  'endpoint-reconciler-type': 'none',
}

/** For pods, which reach the API server through its Service, and for kubelets, which it calls for logs. */
function reachable({ address }: Host, pki: string) {
  return {
    'bind-address': '0.0.0.0',
    'advertise-address': address,
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-client-certificate': join(pki, 'admin.crt'),
    'kubelet-client-key': join(pki, 'admin.key'),
  }
}

/** Flags of kube-controller-manager: every controller, with its own ServiceAccount as in a real cluster. */
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
    // With the default of 20 requests a second, starting forty controllers alone takes four seconds.
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
    profiling: 'false',
  })
}

function flags(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`)
}
