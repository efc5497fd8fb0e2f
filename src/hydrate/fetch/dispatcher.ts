import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { getCACertificates } from 'node:tls'
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { errorMessage, quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { createReadBuffers } from './read-buffers.ts'

const CONNECT_MS = 30_000
/** We write this much at a time, so we read as much. */
const READ_BYTES = 256 * 1024
/** The largest TLS record (RFC 8446 section 5.1). */
const RECORD_BYTES = 16 * 1024
/** If a body stands still this long, we ask again. */
export const STALL_MS = 60_000

/** Connections to sources, or to proxies on the way there. */
export interface Connections {
  dispatcherFor(url: URL): Dispatcher
  close(): Promise<void>
}

/**
 * Opens connections as HTTPS_PROXY, HTTP_PROXY, NO_PROXY and SSL_CERT_FILE say. `ca` has certificates in PEM
 * that count in addition, for sources and proxies inside a company. As in Go, NO_PROXY may have networks such
 * as 10.0.0.0/8, which match hosts that are addresses.
 *
 * @throws HydrationError SourceUnavailable if SSL_CERT_FILE cannot be read.
 */
export function createConnections(ca: string | undefined): Connections {
  // Over HTTP/2, all requests to a host would share one connection, and CDNs limit the speed of each
  // connection.
  const common = { timeout: CONNECT_MS, allowH2: false }
  const tls = { ...common, ca: trusted(ca), onread: createReadBuffers(RECORD_BYTES) }
  const secure = buildConnector(tls)
  const plain = buildConnector({ ...common, onread: createReadBuffers(READ_BYTES) })
  const connect: buildConnector.connector = (to, done) =>
    (to.protocol === 'https:' ? secure : plain)(to, done)
  const options = { bodyTimeout: STALL_MS, allowH2: false, connect }
  const byVariables = new EnvHttpProxyAgent({ ...options, requestTls: tls, proxyTls: tls })
  const direct = new Agent(options)
  const networks = networksIn(process.env.no_proxy ?? process.env.NO_PROXY ?? '')
  return {
    dispatcherFor: ({ hostname }) => {
      const address = hostname.replace(/^\[(.+)\]$/, '$1')
      const family = isIP(address)
      return family !== 0 && networks.check(address, family === 6 ? 'ipv6' : 'ipv4') ? direct : byVariables
    },
    close: async () => {
      await Promise.all([byVariables.destroy(), direct.destroy()])
    },
  }
}

/** The certificates that Node trusts, or those of SSL_CERT_FILE in their place, and those of a company. */
function trusted(ca: string | undefined): string[] {
  const file = process.env.SSL_CERT_FILE
  const own = ca === undefined ? [] : [ca]
  if (!file) return [...getCACertificates('default'), ...own]
  try {
    return [readFileSync(file, 'utf8'), ...own]
  } catch (error) {
    const message = `variable SSL_CERT_FILE names ${quote(file)}, which cannot be read: ${errorMessage(error)}`
    throw new HydrationError('SourceUnavailable', message, { cause: error })
  }
}

/** The networks of NO_PROXY. Names and single addresses are the library's part. */
function networksIn(noProxy: string): BlockList {
  const networks = new BlockList()
  for (const entry of noProxy.split(/[,\s]+/)) {
    const [address = '', bits = ''] = entry.split('/')
    const family = isIP(address)
    const most = family === 6 ? 128 : 32
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) continue
    networks.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
  }
  return networks
}
