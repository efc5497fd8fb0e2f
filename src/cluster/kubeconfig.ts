import { createHash } from 'node:crypto'
import type { AgentOptions } from 'node:https'
import {
  type Cluster,
  type DispatcherOptions,
  KubeConfig,
  type RequestContext,
} from '@kubernetes/client-node'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'

/** `Unreadable`: the file is missing or is no kubeconfig. `NoCluster`: nothing names an API server to speak to. */
export type ClusterConfigReason = 'Unreadable' | 'NoCluster'

/** Thrown at start when there is no way to an API server. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError'
  readonly reason: ClusterConfigReason

  constructor(reason: ClusterConfigReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

const POOL = {
  // Over HTTP/2 everything shares one connection, and when that dies silently a watch that is opened anew
  // lands on the dead connection again (kubernetes/client-go#374). Over HTTP/1.1 each watch owns its socket.
  allowH2: false,
  // A handful of watches and the controller's own calls; what exceeds it waits in line.
  connections: 32,
  // The API server closes idle connections after 90 s.
  keepAliveTimeout: 60_000,
}

const CONNECT_TIMEOUT_MS = 5_000

/**
 * A KubeConfig that keeps its connections. The base class builds a dispatcher, and so a connection, per call;
 * this one keeps a dispatcher until the TLS material changes. The old one is not closed but forgotten: calls
 * that picked it up finish, then its idle sockets time out.
 */
export class PooledKubeConfig extends KubeConfig {
  #pool: { fingerprint: string; dispatcher: Dispatcher } | undefined

  /** Credentials, from whichever source the kubeconfig names, and the shared dispatcher, for one request. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context)
    if (this.#pool !== undefined) context.setDispatcher(this.#pool.dispatcher)
  }

  /**
   * The base class calls this for every request, with the TLS material as read just now. Answering `none`
   * keeps it from building a dispatcher of its own.
   */
  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions)
    // The SOCKS connector is private to the base class: such clusters get a connection per call, as before.
    if (options.type === 'socks') {
      this.#pool = undefined
      return options
    }
    const fingerprint = createHash('sha256').update(JSON.stringify(options)).digest('base64')
    if (this.#pool?.fingerprint !== fingerprint) {
      this.#pool = { fingerprint, dispatcher: buildDispatcher(options) }
    }
    return { type: 'none' }
  }
}

function buildDispatcher(options: Exclude<DispatcherOptions, { type: 'socks' }>): Dispatcher {
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: CONNECT_TIMEOUT_MS }
  if (options.type === 'proxy') {
    // Never set by client-node, but its type allows them in a form that undici's does not.
    const { port: _port, timeout: _timeout, ...tls } = options.requestTls
    return new ProxyAgent({ ...POOL, uri: options.uri, requestTls: { ...tls, allowH2: false }, connect })
  }
  return new Agent({
    ...POOL,
    connect: options.type === 'agent' ? { ...options.connect, ...connect } : connect,
  })
}

/**
 * Finds the API server and the credentials: in the file at `path` if given, else where kubectl would look
 * (KUBECONFIG, ~/.kube/config), else in the service account of the pod.
 *
 * @throws ClusterConfigError when the file cannot be used or when no cluster is found.
 */
export function loadKubeConfig(path: string | undefined): KubeConfig {
  const config = new PooledKubeConfig()
  try {
    if (path === undefined) config.loadFromDefault()
    else config.loadFromFile(path)
  } catch (cause) {
    const where = path ?? process.env.KUBECONFIG ?? 'the default place'
    throw new ClusterConfigError('Unreadable', `cannot read a kubeconfig from ${where}`, { cause })
  }
  const server = config.getCurrentCluster()?.server
  // The base class falls back to http://localhost:8080, and in a pod without the service variables to
  // https://undefined:undefined. Both would only fail later, as calls that reach nothing.
  if (server === undefined || !URL.canParse(server) || (path === undefined && isFallback(config))) {
    const where = path ?? 'KUBECONFIG, ~/.kube/config or a service account'
    throw new ClusterConfigError('NoCluster', `no cluster found in ${where}`)
  }
  return config
}

function isFallback(config: KubeConfig): boolean {
  return (
    config.getCurrentContext() === 'loaded-context' &&
    config.getCurrentCluster()?.server === 'http://localhost:8080'
  )
}
