import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { z } from 'zod'
import { PooledKubeConfig } from './kubeconfig.ts'
import { collectionPath, objectPath, type Resource, type StoredObject } from './resource.ts'

/**
 * An API server for tests. It keeps collections, versions and history, stores what is created, pages lists,
 * serves watches, and fails on demand.
 */
export interface FakeApiServer extends AsyncDisposable {
  readonly config: PooledKubeConfig
  /** `METHOD path` of every request so far. */
  readonly requests: readonly string[]
  /** Queries of the watches so far. */
  readonly watchQueries: readonly URLSearchParams[]
  /** Queries of the lists so far. */
  readonly listQueries: readonly URLSearchParams[]
  /** The Accept-Encoding header of each list so far. */
  readonly listEncodings: readonly unknown[]
  /** Bodies of writes, with their content type. */
  readonly writes: readonly { contentType: string | undefined; query: string; body: unknown }[]
  connections(): number
  openWatches(): number
  put(resource: Kind, object: StoredObject & Record<string, unknown>): void
  delete(resource: Kind, namespace: string | undefined, name: string): void
  bookmark(): void
  /** Sends a raw line to all open watches. */
  sendLine(line: string): void
  /** Forgets all history. A watch from before now gets 410, in the chosen way. */
  compact(how: 'status' | 'event'): void
  /** Goes back to the version and the objects of that moment, like a restore from a backup. */
  snapshot(): { restore(): void }
  endWatches(): void
  /** Breaks the connections of all open watches. */
  cutWatches(): void
  /** What the next matching requests get instead of an answer. */
  failNext(times: number, failure: Failure): void
  /** From now on lists answer only after `release` is called. */
  hold(): { release(): void }
}

type Kind = Pick<Resource<StoredObject>, 'apiVersion' | 'kind' | 'plural'>

export interface Failure {
  readonly on: 'list' | 'watch' | 'get' | 'create'
  /** An HTTP status; `cut` breaks the connection; `mute` never answers. */
  readonly how: number | 'cut' | 'mute'
}

interface Entry {
  version: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  collection: string
  object: StoredObject
}

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const objects = new Map<string, { collection: string; object: StoredObject }>()
  const history: Entry[] = []
  const watches = new Set<Selection & { from: number; response: ServerResponse }>()
  const failures: Failure[] = []
  const requests: string[] = []
  const watchQueries: URLSearchParams[] = []
  const listQueries: URLSearchParams[] = []
  const listEncodings: unknown[] = []
  const writes: { contentType: string | undefined; query: string; body: unknown }[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let version = 1
  let compacted = 0
  let expiry: 'status' | 'event' = 'status'
  let gate: Promise<void> = Promise.resolve()

  const record = (type: Entry['type'], collection: string, object: StoredObject): void => {
    history.push({ version, type, collection, object })
    for (const watch of watches) {
      if (watch.collection === collection && watch.has(object) && version > watch.from)
        writeEvent(watch.response, type, object)
    }
  }

  const store = (resource: Kind, object: StoredObject): StoredObject => {
    const path = objectPath(resource, object.metadata.namespace, object.metadata.name)
    version += 1
    const stored = {
      apiVersion: resource.apiVersion,
      kind: resource.kind,
      ...object,
      metadata: {
        managedFields: [{ manager: 'test' }],
        ...object.metadata,
        resourceVersion: String(version),
      },
    }
    const type = objects.has(path) ? 'MODIFIED' : 'ADDED'
    objects.set(path, { collection: collectionPath(resource), object: stored })
    record(type, collectionPath(resource), stored)
    return stored
  }

  const serveCreate = (url: URL, body: unknown, response: ServerResponse): void => {
    const { apiVersion, kind, ...object } = created.parse(body)
    const path = `${url.pathname}/${object.metadata.name}`
    const plural = url.pathname.split('/').at(-1) ?? ''
    if (objects.has(path)) replyStatus(response, 409, 'AlreadyExists')
    else reply(response, 201, store({ apiVersion, kind, plural }, object))
  }

  const serveWatch = (url: URL, response: ServerResponse): void => {
    const query = url.searchParams
    const selection = selectionOf(url)
    watchQueries.push(query)
    const from = Number(query.get('resourceVersion'))
    const expired = from < compacted
    if (expired && expiry === 'status') {
      replyStatus(response, 410, 'Expired')
      return
    }
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.flushHeaders()
    if (expired) {
      writeEvent(response, 'ERROR', statusBody(410, 'Expired'))
      response.end()
      return
    }
    for (const entry of history) {
      if (entry.version > from && entry.collection === selection.collection && selection.has(entry.object))
        writeEvent(response, entry.type, entry.object)
    }
    const watch = { ...selection, from, response }
    watches.add(watch)
    response.on('close', () => watches.delete(watch))
  }

  const serveList = (url: URL, response: ServerResponse): void => {
    const query = url.searchParams
    const { collection, has } = selectionOf(url)
    listQueries.push(query)
    const items = [...objects.values()]
      .filter(held => held.collection === collection && has(held.object))
      .map(held => held.object)
    const start = Number(query.get('continue') ?? 0)
    const end = start + Number(query.get('limit') ?? items.length)
    const more = end < items.length ? { continue: String(end) } : {}
    reply(response, 200, {
      metadata: { resourceVersion: String(version), ...more },
      items: items.slice(start, end),
    })
  }

  /** The body of a write, which is noted. */
  const receive = async (request: IncomingMessage, url: URL): Promise<unknown> => {
    if (request.method === 'GET') return undefined
    const body: unknown = JSON.parse(await readAll(request))
    writes.push({ contentType: request.headers['content-type'], query: url.search, body })
    return body
  }

  const serveGet = (url: URL, response: ServerResponse): void => {
    const held = objects.get(url.pathname)
    if (held === undefined) replyStatus(response, 404, 'NotFound')
    else reply(response, 200, held.object)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://fake')
    requests.push(`${request.method} ${url.pathname}`)
    const call = callOf(request.method, url)
    const body = await receive(request, url)
    const failed = failures.findIndex(failure => failure.on === call)
    if (failed >= 0) return fail(failures.splice(failed, 1)[0], request, response)
    if (call === 'create') return serveCreate(url, body, response)
    // Changes are answered as if they were made, but are not made.
    if (call === 'change') return reply(response, 200, body)
    if (call === 'watch') return serveWatch(url, response)
    await gate
    if (call === 'list') {
      listEncodings.push(request.headers['accept-encoding'])
      return serveList(url, response)
    }
    return serveGet(url, response)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(error => response.destroy(error))
  })
  server.on('connection', socket => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    config: configFor(`http://127.0.0.1:${port}`),
    requests,
    watchQueries,
    listQueries,
    listEncodings,
    writes,
    connections: () => connections,
    openWatches: () => watches.size,
    put: store,
    delete(resource, namespace, name) {
      const path = objectPath(resource, namespace, name)
      const held = objects.get(path)
      if (held === undefined) throw new Error(`no ${path}`)
      version += 1
      objects.delete(path)
      record('DELETED', held.collection, {
        ...held.object,
        metadata: { ...held.object.metadata, resourceVersion: String(version) },
      })
    },
    bookmark() {
      version += 1
      const object = { metadata: { resourceVersion: String(version) } }
      for (const watch of watches) writeEvent(watch.response, 'BOOKMARK', object)
    },
    sendLine(line) {
      for (const watch of watches) watch.response.write(`${line}\n`)
    },
    compact(how) {
      version += 1
      compacted = version
      expiry = how
    },
    snapshot() {
      const then = { version, objects: new Map(objects) }
      return {
        restore() {
          version = then.version
          objects.clear()
          for (const [path, held] of then.objects) objects.set(path, held)
          history.splice(0)
        },
      }
    },
    endWatches() {
      for (const watch of watches) watch.response.end()
      watches.clear()
    },
    cutWatches() {
      for (const watch of watches) watch.response.destroy()
      watches.clear()
    },
    failNext(times, failure) {
      for (let i = 0; i < times; i += 1) failures.push(failure)
    },
    hold() {
      const held = Promise.withResolvers<void>()
      gate = held.promise
      return { release: held.resolve }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A kubeconfig for plain HTTP, which client-node allows only with TLS verification off. */
export function configFor(server: string): PooledKubeConfig {
  const config = new PooledKubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'fake', server, skipTLSVerify: true }],
    users: [{ name: 'tester', token: 'secret' }],
    contexts: [{ name: 'fake', cluster: 'fake', user: 'tester' }],
    currentContext: 'fake',
  })
  return config
}

/** A kind is lower case here, and no test gives an object the name of a kind. */
const COLLECTION =
  /\/(storageclasses|modelcaches|persistentvolumes|persistentvolumeclaims|namespaces|nodes|pods|resourcequotas|storageprofiles|inferenceclusters|modeldeployments|deployments|leaderworkersets|services|poddisruptionbudgets|secrets|(mutating|validating)webhookconfigurations)$/

const created = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})

/** Which objects a list or a watch covers. */
interface Selection {
  readonly collection: string
  has(object: StoredObject): boolean
}

/** A collection of one namespace, or with a single name, is a part of the whole cluster's. */
function selectionOf({ pathname, searchParams }: URL): Selection {
  const [, namespace] = /\/namespaces\/([^/]+)\//.exec(pathname) ?? []
  const [, name] = /^metadata\.name=(.+)$/.exec(searchParams.get('fieldSelector') ?? '') ?? []
  return {
    collection: namespace === undefined ? pathname : pathname.replace(`/namespaces/${namespace}/`, '/'),
    has: ({ metadata }) =>
      (namespace === undefined || metadata.namespace === namespace) &&
      (name === undefined || metadata.name === name),
  }
}

function callOf(method: string | undefined, url: URL): Failure['on'] | 'change' {
  if (method !== 'GET') return method === 'POST' && COLLECTION.test(url.pathname) ? 'create' : 'change'
  if (url.searchParams.get('watch') === 'true') return 'watch'
  return COLLECTION.test(url.pathname) ? 'list' : 'get'
}

function fail(failure: Failure | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (failure?.how === 'cut') request.socket.destroy()
  else if (typeof failure?.how === 'number') replyStatus(response, failure.how, 'Injected')
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}

function replyStatus(response: ServerResponse, code: number, reason: string): void {
  reply(response, code, statusBody(code, reason))
}

function statusBody(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `fake: ${reason}`, reason, code }
}

function writeEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
