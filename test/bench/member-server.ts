import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'

// What the hub asks of another cluster, answered as an API server with ModelCache would: lists, watches with
// bookmarks, server-side apply by one manager, deletes with a UID. What is applied turns Ready by itself.

const GROUP = '/apis/modelplane.ai/v1alpha1'
const DEPLOYMENTS = `${GROUP}/modeldeployments`
const BOOKMARK_MS = 10_000
/** How long a copy takes to be Ready: nothing is staged. */
const READY_MS = 1_000
const DIGEST = `sha256:${'5a'.repeat(32)}`

interface Stored {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string; generation: number }
  spec: object
  status: object
}

/** A stand-in for a cluster, over https on loopback. */
export interface MemberServer extends AsyncDisposable {
  readonly url: string
  /** How many copies there are, and how many of them are Ready. */
  counts(): { copies: number; ready: number }
  /** Requests so far. A watch counts once. */
  requests(): number
}

/** Starts one with a serving certificate. `name` tells it from others. */
export async function startMemberServer(
  name: string,
  tls: { key: string; cert: string },
): Promise<MemberServer> {
  const objects = new Map<string, Stored>()
  const watchers = new Set<ServerResponse>()
  let version = 1
  let ready = 0
  let requests = 0

  const history: { version: number; line: string }[] = []
  const send = (type: string, object: object): string => {
    const line = `${JSON.stringify({ type, object })}\n`
    for (const watcher of watchers) watcher.write(line)
    return line
  }
  const emit = (type: string, object: object) => {
    history.push({ version, line: send(type, object) })
  }
  const store = (key: string, stored: Stored, type: 'ADDED' | 'MODIFIED') => {
    objects.set(key, stored)
    emit(type, full(stored))
  }
  const apply = (key: string, [namespace, cache]: [string, string], body: Applied): Stored => {
    const before = objects.get(key)
    const metadata = {
      ...body.metadata,
      ...{ name: cache, namespace, uid: before?.metadata.uid ?? `${name}-${key}` },
      ...{ resourceVersion: `${++version}`, generation: (before?.metadata.generation ?? 0) + 1 },
    }
    const stored = { metadata, spec: body.spec, status: before?.status ?? {} }
    store(key, stored, before === undefined ? 'ADDED' : 'MODIFIED')
    if (before === undefined) setTimeout(() => stage(key), READY_MS).unref()
    return stored
  }
  const stage = (key: string) => {
    const found = objects.get(key)
    if (found === undefined) return
    ready += 1
    const metadata = { ...found.metadata, resourceVersion: `${++version}` }
    store(key, { ...found, metadata, status: STAGED }, 'MODIFIED')
  }
  /** Nobody has ModelDeployments, and the hub watches them. */
  const idle = new Set<ServerResponse>()
  const bookmarks = setInterval(() => {
    const metadata = { resourceVersion: `${version}` }
    send('BOOKMARK', { kind: 'ModelCache', metadata })
    const line = JSON.stringify({ type: 'BOOKMARK', object: { kind: 'ModelDeployment', metadata } })
    for (const watcher of idle) watcher.write(`${line}\n`)
  }, BOOKMARK_MS)

  const server = createServer(tls, (request, response) => {
    requests += 1
    void answer(request, response)
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://member')
    const [, namespace, cache] = /\/namespaces\/([^/]+)\/modelcaches\/([^/]+)$/.exec(url.pathname) ?? []
    if (url.searchParams.get('watch') === 'true') return watch(url, response)
    const body =
      answersOf(name)[url.pathname] ??
      (url.pathname === `${GROUP}/modelcaches` ? listed(url) : undefined) ??
      (url.pathname === DEPLOYMENTS
        ? { metadata: { resourceVersion: `${version}` }, items: [] }
        : undefined) ??
      (namespace && cache ? await change(request, namespace, cache) : undefined)
    response
      .writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body ?? notFound))
  }

  function watch(url: URL, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const mine = url.pathname === DEPLOYMENTS ? idle : watchers
    mine.add(response)
    response.on('close', () => mine.delete(response))
    if (mine === idle) return
    const from = Number(url.searchParams.get('resourceVersion'))
    for (const event of history) if (event.version > from) response.write(event.line)
  }

  function listed(url: URL): object {
    const items = [...objects.values()].map(full)
    const shown = url.searchParams.get('limit') === '1' ? items.slice(0, 1) : items
    const remainingItemCount = items.length - shown.length
    return { metadata: { resourceVersion: `${version}`, remainingItemCount }, items: shown }
  }

  async function change(
    request: IncomingMessage,
    namespace: string,
    cache: string,
  ): Promise<object | undefined> {
    const key = `${namespace}/${cache}`
    if (request.method === 'PATCH')
      return full(apply(key, [namespace, cache], JSON.parse(await textOf(request))))
    const found = objects.get(key)
    if (found === undefined || request.method !== 'DELETE') return found && full(found)
    objects.delete(key)
    version += 1
    emit('DELETED', full({ ...found, metadata: { ...found.metadata, resourceVersion: `${version}` } }))
    return full(found)
  }

  const port = await listen(server)
  return {
    url: `https://127.0.0.1:${port}`,
    counts: () => ({ copies: objects.size, ready }),
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      clearInterval(bookmarks)
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Applied {
  metadata: object
  spec: object
}

const STAGED = {
  phase: 'Ready',
  resolvedDigest: DIGEST,
  claimName: 'modelcache--a',
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'SnapshotComplete',
      message: '7 files of 134 GiB are on claim modelcache--a, staged in 412 s',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
}

const notFound = { kind: 'Status', code: 404, reason: 'NotFound', message: 'not found' }

function full(stored: Stored): object {
  return { apiVersion: 'modelplane.ai/v1alpha1', kind: 'ModelCache', ...stored }
}

function answersOf(name: string): Readonly<Record<string, object>> {
  return {
    '/version': { gitVersion: 'v1.36.0' },
    '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: `uid-of-${name}` } },
    '/apis/storage.k8s.io/v1/storageclasses': {
      metadata: { resourceVersion: '1' },
      items: [
        { metadata: { name: 'shared', resourceVersion: '1' }, provisioner: 'filestore.csi.storage.gke.io' },
      ],
    },
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelcaches.modelplane.ai': {
      metadata: { labels: { 'app.kubernetes.io/version': '0.1.0' } },
      spec: { versions: [{ name: 'v1alpha1', served: true }] },
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
