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
  // Over HTTP/2 everything shares one connection, and when that dies silently a watch that is opened again
  // lands on the dead connection again (kubernetes/client-go#374). Over HTTP/1.1 each watch owns its socket.
  allowH2: false,
  // The API server closes idle connections after 90 s.
  keepAliveTimeout: 60_000,
}

/** Live reads come in bursts; what exceeds it waits in line. */
const MAX_CALLS = 32

const CONNECT_TIMEOUT_MS = 5_000

/** Longer than between the choice of a dispatcher and its use. */
const RETIRE_MS = 1_000

/** The connections that were made with the same TLS material. */
interface Pools {
  readonly fingerprint: string
  readonly calls: Dispatcher
  /** One connection for each watch, apart from the others: a burst of reads never keeps a watch waiting. */
  readonly watches: Dispatcher
}

/**
 * A KubeConfig that keeps its connections. The base class builds a dispatcher, and so a connection, per call;
 * this one keeps them until the TLS material changes or they are forgotten.
 */
export class PooledKubeConfig extends KubeConfig {
  #pools: Pools | undefined

  /** Credentials, from whichever source the kubeconfig names, and a shared dispatcher, for one request. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context)
    if (this.#pools === undefined) return
    const isWatch = new URL(context.getUrl()).searchParams.get('watch') === 'true'
    context.setDispatcher(isWatch ? this.#pools.watches : this.#pools.calls)
  }

  /**
   * Has every request from now on made over new connections: for when one did not answer, and others may have died
   * in the same silence. What is under way on the old ones goes on.
   */
  forgetConnections(): void {
    if (this.#pools !== undefined) retire(this.#pools)
    this.#pools = undefined
  }

  /**
   * The base class calls this for every request, with the TLS material as read just now. Answering `none`
   * keeps it from building a dispatcher of its own.
   */
  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions)
    // The SOCKS connector is private to the base class: such clusters get a connection per call, as before.
    if (options.type === 'socks') {
      this.forgetConnections()
      return options
    }
    const fingerprint = createHash('sha256').update(JSON.stringify(options)).digest('base64')
    if (this.#pools?.fingerprint !== fingerprint) {
      this.forgetConnections()
      this.#pools = {
        fingerprint,
        calls: buildDispatcher(options, MAX_CALLS),
        watches: buildDispatcher(options, null),
      }
    }
    return { type: 'none' }
  }
}

/** What `PooledKubeConfig.forgetConnections` does; nothing to be done for a config that keeps none. */
export function forgetConnections(config: KubeConfig): void {
  if (config instanceof PooledKubeConfig) config.forgetConnections()
}

/**
 * Closes what is idle now, and the rest as it becomes so. Not at once: a request may just have chosen its dispatcher.
 */
function retire({ calls, watches }: Pools): void {
  const close = () => {
    // One that is closed already, or fails to close, is of no more use either way.
    for (const dispatcher of [calls, watches]) dispatcher.close().catch(() => {})
  }
  setTimeout(close, RETIRE_MS).unref()
}

/** `connections`: how many at most; null for as many as there are requests. */
function buildDispatcher(
  options: Exclude<DispatcherOptions, { type: 'socks' }>,
  connections: number | null,
): Dispatcher {
  const pool = { ...POOL, connections }
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: CONNECT_TIMEOUT_MS }
  if (options.type === 'proxy') {
    // Never set by client-node, but its type allows them in a form that undici's does not.
    const { port: _port, timeout: _timeout, ...tls } = options.requestTls
    return new ProxyAgent({ ...pool, uri: options.uri, requestTls: { ...tls, allowH2: false }, connect })
  }
  return new Agent({
    ...pool,
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
