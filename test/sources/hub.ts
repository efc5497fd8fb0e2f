import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { commitOf, entryOf, type HubFile, hubFiles } from './hub-files.ts'

/** A repository of the hub. */
export interface Repo {
  /** Its files. */
  folder: string
  /** Who may see it. Absent means everybody. */
  tokens?: readonly string[]
  /** Whose request for access was granted. Absent means that it is not gated. */
  granted?: readonly string[]
}

export interface HubOptions {
  repos: Record<string, Repo>
  /** Files on a page of the listing. */
  pageSize?: number
  /** Answers that replace the real ones, first: `429 5` also asks to come again after 5 seconds. */
  first?: string[]
  /** Connections of files to break, each after this many bytes. */
  breakAfter?: number[]
  /** Port of the hub; blobs are on the next one. Absent means any. */
  port?: number
  host?: string
  /** Whether parts of files are served; default true. */
  hasRanges?: boolean
  /** The byte of a large file that is another one the first time it is sent. */
  flipOnce?: number
  /** Speed of each connection. Absent means no limit. */
  bytesPerSecond?: number
}

export interface Hub extends AsyncDisposable {
  readonly url: string
  readonly requests: {
    path: string
    authorization: string | undefined
    range: string | undefined
    isBlob: boolean
  }[]
  /** Bytes of files that were sent so far. */
  sent(): number
  /** Creates a commit of the folder's present content, and returns its name. */
  push(repo: string): Promise<string>
}

type Answer =
  | { refused: number; code: string; message?: string }
  | { json: unknown; link?: string }
  | { file: HubFile; commit: string }

/**
 * What clients of the Hugging Face Hub need: revisions, paged listings, files by commit, blobs on another
 * address, its error codes. test/hydrate/hugging-face.test.ts checks it with the official client.
 */
export async function serveHub(options: HubOptions): Promise<Hub> {
  const { repos, pageSize = 1000, first = [], breakAfter = [], host = '127.0.0.1' } = options
  const { bytesPerSecond, hasRanges = true } = options
  const commits = new Map<string, { repo: string; files: readonly HubFile[] }>()
  const heads = new Map<string, string>()
  const requests: Hub['requests'] = []
  let sent = 0

  const push = async (repo: string) => {
    const files = await hubFiles(repos[repo]?.folder ?? '')
    const commit = commitOf(repo, files)
    commits.set(commit, { repo, files })
    heads.set(repo, commit)
    return commit
  }
  for (const repo of Object.keys(repos)) await push(repo)

  /** The repository, if the token may see it. */
  const refusalOf = (repo: Repo | undefined, token: string | undefined): Answer | undefined => {
    const known = Object.values(repos).flatMap(({ tokens = [], granted = [] }) => [...tokens, ...granted])
    if (token !== undefined && known.length > 0 && !known.includes(token))
      return { refused: 401, code: 'Unauthorized', message: 'Invalid credentials in Authorization header' }
    const isSeen = repo !== undefined && (repo.tokens === undefined || repo.tokens.includes(token ?? ''))
    return isSeen ? undefined : { refused: token === undefined ? 401 : 404, code: 'RepoNotFound' }
  }

  const answer = (url: URL, token: string | undefined): Answer => {
    const route = routeOf(url.pathname)
    const repo = repos[route.repo]
    const refusal = refusalOf(repo, token)
    if (refusal !== undefined) return refusal
    const commit = heads.get(route.revision === 'main' ? route.repo : '') ?? route.revision
    const found = commits.get(commit)
    if (found?.repo !== route.repo) return { refused: 404, code: 'RevisionNotFound' }
    if (route.what === 'revision') return { json: { id: route.repo, sha: commit } }
    if (repo?.granted?.includes(token ?? '') === false) return { refused: 403, code: 'GatedRepo' }
    if (route.what === 'tree') return pageOf(found.files, url, pageSize)
    return fileAt(found.files, route.path, commit)
  }

  let flipAt = options.flipOnce
  const flip = (chunk: Buffer, at: number) => {
    const within = flipAt === undefined ? -1 : flipAt - at
    if (within < 0 || within >= chunk.length) return
    chunk[within] = (chunk[within] ?? 0) ^ 1
    flipAt = undefined
  }

  const send = (file: HubFile, request: IncomingMessage, response: ServerResponse, headers: object) => {
    sendFile(file, request, response, {
      headers,
      breakAfter,
      bytesPerSecond,
      hasRanges,
      flip: (chunk, at) => flip(chunk, at),
      onBytes: bytes => (sent += bytes),
    }).catch(() => {
      response.destroy()
    })
  }
  const note = ({ url: path = '', headers: { authorization, range } }: IncomingMessage, isBlob: boolean) =>
    requests.push({ path, authorization, range, isBlob })

  const blobs = createServer((request, response) => {
    note(request, true)
    const wanted = new URL(request.url ?? '/', 'http://hub').pathname.slice('/blobs/'.length)
    const file = [...commits.values()].flatMap(({ files }) => files).find(({ sha256 }) => sha256 === wanted)
    if (file === undefined) response.writeHead(403).end()
    else send(file, request, response, { etag: `"${file.sha256.slice(0, 32)}-8"` })
  })
  const hub = createServer((request, response) => {
    note(request, false)
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const [status, after] = first.shift()?.split(' ') ?? []
    if (status !== undefined) {
      response.writeHead(Number(status), after === undefined ? {} : { 'retry-after': after }).end()
      return
    }
    const given = answer(url, request.headers.authorization?.replace('Bearer ', ''))
    if (!('file' in given)) reply(response, given)
    else if (given.file.isLfs) redirect(response, given, `http://${url.hostname}:${portOf(blobs)}`)
    else
      send(given.file, request, response, { 'x-repo-commit': given.commit, etag: `"${given.file.gitBlob}"` })
  })

  const port = options.port ?? 0
  await new Promise<void>(resolve => hub.listen(port, host, resolve))
  await new Promise<void>(resolve => blobs.listen(port === 0 ? 0 : port + 1, host, resolve))
  return {
    url: `http://${host}:${portOf(hub)}`,
    requests,
    sent: () => sent,
    push,
    async [Symbol.asyncDispose]() {
      for (const server of [hub, blobs]) {
        server.closeAllConnections()
        await new Promise(resolve => server.close(resolve))
      }
    },
  }
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as AddressInfo).port
}

function routeOf(pathname: string): { what: string; repo: string; revision: string; path: string } {
  const [, kind = '', name = '', what = '', revision = ''] =
    /^\/api\/(models|datasets)\/(.+)\/(revision|tree)\/([^/]+)$/.exec(pathname) ?? []
  // Datasets are in a folder of their own, models are not.
  const repo = kind === 'datasets' ? `datasets/${name}` : name
  if (what !== '') return { what, repo, revision: decodeURIComponent(revision), path: '' }
  const [, ofFile = '', at = '', path = ''] = /^\/(.+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname) ?? []
  return { what: 'file', repo: ofFile, revision: decodeURIComponent(at), path: decodeURIComponent(path) }
}

function pageOf(files: readonly HubFile[], url: URL, pageSize: number): Answer {
  const start = Number(url.searchParams.get('cursor') ?? 0)
  const json = files.slice(start, start + pageSize).map(entryOf)
  if (start + pageSize >= files.length) return { json }
  const next = new URL(url)
  next.searchParams.set('cursor', String(start + pageSize))
  return { json, link: `<${next}>; rel="next"` }
}

function fileAt(files: readonly HubFile[], wanted: string, commit: string): Answer {
  const file = files.find(({ path }) => path === wanted)
  return file === undefined ? { refused: 404, code: 'EntryNotFound' } : { file, commit }
}

function reply(response: ServerResponse, given: Exclude<Answer, { file: HubFile }>): void {
  if ('refused' in given) {
    const { refused, code, message = code } = given
    response.writeHead(refused, { 'x-error-code': code, 'x-error-message': message }).end()
    return
  }
  const { json, link } = given
  response.writeHead(200, { 'content-type': 'application/json', ...(link !== undefined && { link }) })
  response.end(JSON.stringify(json))
}

function redirect(
  response: ServerResponse,
  { file, commit }: { file: HubFile; commit: string },
  blobs: string,
) {
  const headers = {
    'x-repo-commit': commit,
    'x-linked-etag': `"${file.sha256}"`,
    'x-linked-size': file.size,
    location: `${blobs}/blobs/${file.sha256}?signature=secret`,
  }
  response.writeHead(302, headers).end()
}

interface Sending {
  headers: object
  breakAfter: number[]
  bytesPerSecond: number | undefined
  hasRanges: boolean
  /** Damages a chunk at that offset of the file, if that is wanted. */
  flip(chunk: Buffer, at: number): void
  onBytes(bytes: number): void
}

async function* slowly(chunks: AsyncIterable<Buffer>, bytesPerSecond: number) {
  for await (const chunk of chunks) {
    yield chunk
    await pause((chunk.length / bytesPerSecond) * 1000)
  }
}

function partOf({ headers }: IncomingMessage, size: number): { from: number; to: number } | undefined {
  const [, start, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
  if (start === undefined) return undefined
  return { from: Number(start), to: last ? Math.min(size, Number(last) + 1) : size }
}

async function sendFile(
  { file, size }: HubFile,
  request: IncomingMessage,
  response: ServerResponse,
  { headers, breakAfter, bytesPerSecond, hasRanges, flip, onBytes }: Sending,
): Promise<void> {
  const asked = hasRanges ? partOf(request, size) : undefined
  const { from, to } = asked ?? { from: 0, to: size }
  response.writeHead(asked === undefined ? 200 : 206, {
    'content-length': to - from,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    ...(asked !== undefined && { 'content-range': `bytes ${from}-${to - 1}/${size}` }),
    ...headers,
  })
  if (request.method === 'HEAD' || from === to) {
    response.end()
    return
  }
  const breaks = to - from > 1000 ? breakAfter.shift() : undefined
  const end = breaks === undefined ? to - 1 : Math.min(to, from + breaks) - 1
  const content = createReadStream(file, { start: from, end })
  let at = from
  content.on('data', chunk => {
    if (Buffer.isBuffer(chunk)) flip(chunk, at)
    at += chunk.length
    onBytes(chunk.length)
  })
  if (breaks === undefined) {
    if (bytesPerSecond === undefined) await pipeline(content, response)
    else await pipeline(content, chunks => slowly(chunks, bytesPerSecond), response)
    return
  }
  for await (const chunk of content) response.write(chunk)
  setTimeout(() => request.socket.destroy(), 20)
}
