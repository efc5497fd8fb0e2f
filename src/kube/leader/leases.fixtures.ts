import { ApiError, type Rest } from '../rest.ts'
import { type Lease, lease } from './lease.ts'

/**
 * What happens to the calls of a client: answered; rejected with a status; never answered; carried out, but
 * the answer is lost.
 */
export type Line = 'answers' | 'silent' | 'loses answers' | 503 | 403

/** The one Lease of an API server, with its versions, and clients that can be cut off one by one. */
export function aLeaseServer() {
  let stored: Lease | undefined
  let version = 0

  const store = (body: object): Lease => {
    version += 1
    const { metadata, ...rest } = lease.parse(JSON.parse(JSON.stringify(body)))
    stored = { ...rest, metadata: { ...metadata, resourceVersion: `${version}` } }
    return stored
  }
  const carryOut = {
    GET(): Lease {
      if (stored === undefined) throw new ApiError(404, 'NotFound', 'no such Lease')
      return stored
    },
    POST(body: object): Lease {
      if (stored !== undefined) throw new ApiError(409, 'AlreadyExists', 'there is one')
      return store(body)
    },
    PUT(body: object): Lease {
      const { resourceVersion } = lease.parse(body).metadata
      if (this.GET().metadata.resourceVersion !== resourceVersion)
        throw new ApiError(409, 'Conflict', 'it has been modified')
      return store(body)
    },
  }

  return {
    lease: () => stored,
    /** Writes whatever the version is, as an administrator can. */
    write: (change: Partial<Lease['spec']>, labels = {}) => {
      const { metadata, spec, ...rest } = stored ?? { metadata: { name: 'elected' }, spec: {} }
      store({ ...rest, metadata: { ...metadata, labels }, spec: { ...spec, ...change } })
    },
    delete: () => {
      stored = undefined
    },
    client() {
      const calls: string[] = []
      let line: Line = 'answers'
      let delayMs = 0
      const call = async (
        method: keyof typeof carryOut,
        body: object,
        timeoutMs = Number.POSITIVE_INFINITY,
      ) => {
        calls.push(method)
        const how = line
        if (typeof how === 'number') throw new ApiError(how, 'Injected', `HTTP ${how}`)
        const answer = how === 'silent' ? undefined : carryOut[method](body)
        if (how === 'answers' && delayMs > 0) await after(delayMs)
        if (how === 'answers') return structuredClone(answer)
        await after(timeoutMs)
        throw new ApiError(0, 'Timeout', `no answer within ${timeoutMs} ms`)
      }
      const rest: Pick<Rest, 'get' | 'create' | 'replace'> = {
        get: (_path, options) => call('GET', {}, options?.timeoutMs),
        create: (_path, body, options) => call('POST', body, options.timeoutMs),
        replace: (_path, body, options) => call('PUT', body, options.timeoutMs),
      }
      return {
        rest,
        /** Methods of the calls so far. */
        calls,
        cut: (how: Line) => {
          line = how
        },
        /** From now on an answer takes this long, and ignores timeouts. */
        delay: (ms: number) => {
          delayMs = ms
        },
      }
    },
  }
}

function after(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
