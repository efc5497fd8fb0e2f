import { createHash } from 'node:crypto'
import type { AgentOptions } from 'node:https'
import {
  type Cluster,
  type DispatcherOptions,
  KubeConfig,
  type RequestContext,
} from '@kubernetes/client-node'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { createWatchSessions, type WatchSessions } from './watch-session.ts'

/** `Unreadable`: the file is missing or is not a kubeconfig. `NoCluster`: nothing names an API server. */
export type ClusterConfigReason = 'Unreadable' | 'NoCluster'

/** Thrown at start if there is no way to reach an API server. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError'
  readonly reason: ClusterConfigReason

  constructor(reason: ClusterConfigReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

const POOL = {
  // Over HTTP/2 everything shares one connection. If it dies silently, a call that is sent again uses the
  // dead connection again (kubernetes/client-go#374). Only watches use HTTP/2, over a connection with pings.
  allowH2: false,
  // The API server closes idle connections after 90 s.
  keepAliveTimeout: 60_000,
}

/** Live reads come in bursts. Reads beyond this limit wait. */
const MAX_CALLS = 32

const CONNECT_TIMEOUT_MS = 5_000

/** Longer than the time between choosing a dispatcher and using it. */
const RETIRE_MS = 1_000

/** The connections that use the same TLS material. */
interface Pools {
  readonly fingerprint: string
  readonly calls: Dispatcher
  /** Each watch has its own connection, so a burst of reads never delays a watch. */
  readonly watches: Dispatcher
  /** The connection of all watches if the server speaks HTTP/2; undefined behind a proxy. */
  readonly sessions: WatchSessions | undefined
}

/**
 * A KubeConfig that keeps its connections. The base class builds a dispatcher, and so a connection, for each
 * call. This class keeps them until the TLS material changes or somebody forgets them.
 */
export class PooledKubeConfig extends KubeConfig {
  #pools: Pools | undefined

  /** Credentials for one request, from any source that the kubeconfig names, and a shared dispatcher. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context)
    if (this.#pools === undefined) return
    const isWatch = new URL(context.getUrl()).searchParams.get('watch') === 'true'
    context.setDispatcher(isWatch ? this.#pools.watches : this.#pools.calls)
  }

  /**
   * Uses new connections for every request from now on. If one connection did not answer, others may have
   * died as silently. Requests in progress on the old ones go on.
   */
  forgetConnections(): void {
    if (this.#pools !== undefined) retire(this.#pools)
    this.#pools = undefined
  }

  /** The connection for watches, once the credentials of a request were applied. */
  get watchSessions(): WatchSessions | undefined {
    return this.#pools?.sessions
  }

  #sessionsFor(cluster: Cluster | null, options: DispatcherOptions): WatchSessions | undefined {
    if (cluster === null || options.type === 'proxy' || options.type === 'socks') return undefined
    return createWatchSessions(new URL(cluster.server), options.type === 'agent' ? options.connect : {})
  }

  /**
   * The base class calls this for every request, with the TLS material that it has just read. With `none`, it
   * builds no dispatcher of its own.
   */
  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions)
    // The SOCKS connector is private to the base class, so such clusters still get a connection for each
    // call.
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
        sessions: this.#sessionsFor(cluster, options),
      }
    }
    return { type: 'none' }
  }
}

/** The same as `PooledKubeConfig.forgetConnections`. Does nothing for a config that keeps no connections. */
export function forgetConnections(config: KubeConfig): void {
  if (config instanceof PooledKubeConfig) config.forgetConnections()
}

/**
 * Closes what is idle now, and the rest as it becomes idle. A request may just have chosen its dispatcher.
 */
function retire({ calls, watches, sessions }: Pools): void {
  sessions?.retire()
  const close = () => {
    // A dispatcher that is closed already, or fails to close, is of no use either way.
    for (const dispatcher of [calls, watches]) dispatcher.close().catch(() => {})
  }
  setTimeout(close, RETIRE_MS).unref()
}

/** `connections`: the maximum; null means one for each request. */
function buildDispatcher(
  options: Exclude<DispatcherOptions, { type: 'socks' }>,
  connections: number | null,
): Dispatcher {
  const pool = { ...POOL, connections }
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: CONNECT_TIMEOUT_MS }
  if (options.type === 'proxy') {
    // client-node never sets this, but its type allows a form that undici's type does not.
    const { port: _port, timeout: _timeout, ...tls } = options.requestTls
    return new ProxyAgent({ ...pool, uri: options.uri, requestTls: { ...tls, allowH2: false }, connect })
  }
  return new Agent({
    ...pool,
    connect: options.type === 'agent' ? { ...options.connect, ...connect } : connect,
  })
}

/**
 * Finds the API server and the credentials: in the file at `path` if given, otherwise where kubectl looks
 * (KUBECONFIG, ~/.kube/config), otherwise in the service account of the pod.
 *
 * @throws ClusterConfigError if the file cannot be used or no cluster is found.
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
  // https://undefined:undefined. Both would fail only later, as calls that reach nothing.
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
