import { z } from 'zod'
import { HydrationError } from '../failure.ts'
import type { Http } from '../fetch/http.ts'
import { getJson } from '../fetch/json.ts'
import { look } from '../fetch/look.ts'
import { headerOf } from '../fetch/reply.ts'
import { withRetries } from '../fetch/retry.ts'

/** A repository on a hub, and who asks for it. */
export interface Hub {
  http: Http
  /** The URL of what the API says about it. */
  api: string
  /** The URL of its files. */
  files: string
  repo: string
  token: string | undefined
  signal: AbortSignal
}

/** A file of a repository, with what the hub says about its bytes. */
export interface Entry {
  path: string
  size: number | undefined
  sha256?: string | undefined
  gitBlob?: string | undefined
}

const MAX_FILES = 100_000
/** Hubs have a thousand entries on a page, and mirrors at least twenty. */
const MAX_PAGES = 5_000
/** Characters of all paths together. */
const MAX_PATHS = 16 * 1024 * 1024

const SHA256 = /^[0-9a-f]{64}$/
const SHA1 = /^[0-9a-f]{40}$/

/** At most so many entries, which are counted before any of them is looked at. */
const entries = <T>(each: z.ZodType<T>) => z.array(z.unknown()).max(MAX_FILES).pipe(z.array(each))

const page = entries(
  z.object({
    type: z.string(),
    path: z.string(),
    /** The hash of the file as a git blob. With large file storage, it is the hash of the pointer. */
    oid: z.string().regex(SHA1),
    size: z.int().min(0),
    lfs: z.object({ oid: z.string().regex(SHA256), size: z.int().min(0) }).optional(),
  }),
)

const siblings = z.object({
  siblings: entries(
    z.object({
      rfilename: z.string(),
      size: z.int().min(0).optional(),
      blobId: z.string().regex(SHA1).optional(),
      lfs: z.object({ sha256: z.string().regex(SHA256), size: z.int().min(0) }).optional(),
    }),
  ),
})

/**
 * The files of a repository at a commit. Some mirrors cannot list a tree, but name the files of a revision.
 *
 * @throws HydrationError SourceNotFound, also for a listing that is too large.
 */
export async function entriesOf(hub: Hub, commit: string): Promise<Entry[]> {
  try {
    return await treeOf(hub, commit)
  } catch (error) {
    if (!(error instanceof HydrationError) || error.reason !== 'SourceNotFound') throw error
    return siblingsOf(hub, commit).catch(other => {
      // Whatever this one says, the first one is what people know of the hub.
      throw other instanceof HydrationError && other.reason === 'SourceNotFound' ? error : other
    })
  }
}

async function treeOf({ http, api, repo, token, signal }: Hub, commit: string): Promise<Entry[]> {
  const url = `${api}/tree/${commit}?recursive=true`
  const found: Entry[] = []
  const add = bounded(repo, found)
  const cursors = new Set<string>()
  for (let next: string | undefined = url; next !== undefined; ) {
    const { value, reply } = await getJson(http, { url: next, token, signal }, page)
    for (const { type, path, oid, size, lfs } of value) {
      const hash = lfs === undefined ? { gitBlob: oid } : { sha256: lfs.oid }
      if (type === 'file') add({ path, size: lfs?.size ?? size, ...hash })
    }
    const cursor = cursorOf(headerOf(reply, 'link'), url)
    if (cursor === undefined) return found
    if (cursors.has(cursor) || cursors.size >= MAX_PAGES)
      throw new HydrationError('SourceUnavailable', `the listing of ${repo} has no end`)
    cursors.add(cursor)
    next = `${url}&cursor=${encodeURIComponent(cursor)}`
  }
  return found
}

async function siblingsOf(hub: Hub, commit: string): Promise<Entry[]> {
  const { http, api, repo, token, signal } = hub
  const url = `${api}/revision/${commit}?blobs=true`
  const { value } = await getJson(http, { url, token, signal }, siblings)
  const found: Entry[] = []
  const add = bounded(repo, found)
  for (const { rfilename: path, size, blobId, lfs } of value.siblings) {
    if (lfs !== undefined) add({ path, size: lfs.size, sha256: lfs.sha256 })
    else if (size !== undefined && blobId !== undefined) add({ path, size, gitBlob: blobId })
    else add({ path, ...(await lookedUp(hub, commit, path)) })
  }
  return found
}

/** What the answer for the file itself says: hubs give the hash of a large file as its ETag. */
async function lookedUp(hub: Hub, commit: string, path: string): Promise<Omit<Entry, 'path'>> {
  const { http, token, signal } = hub
  const url = urlOf(hub, commit, path)
  const { size, etag = '' } = await withRetries(() => look(http, { url, token, signal }), { signal })
  const hash = etag.replaceAll('"', '')
  return SHA256.test(hash) ? { size, sha256: hash } : { size }
}

/** Adds entries to a list, up to what a hydration has memory for. */
function bounded(repo: string, found: Entry[]): (entry: Entry) => void {
  let characters = 0
  return entry => {
    characters += entry.path.length
    if (found.push(entry) > MAX_FILES || characters > MAX_PATHS)
      throw new HydrationError(
        'SourceNotFound',
        `${repo} has more than ${MAX_FILES} files, or names without end`,
      )
  }
}

/** Where a file of a repository is. */
export function urlOf({ files }: Hub, commit: string, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return `${files}/resolve/${commit}/${encoded}`
}

/**
 * Where the next page starts. We use nothing else of the link: a mirror may link to the Hub, which would then
 * get the token.
 */
function cursorOf(link: string | undefined, base: string): string | undefined {
  const next = /<([^<>]*)>\s*;[^<>]*\brel="?next\b/.exec(link ?? '')?.[1]
  if (next === undefined || !URL.canParse(next, base)) return undefined
  return new URL(next, base).searchParams.get('cursor') ?? undefined
}
