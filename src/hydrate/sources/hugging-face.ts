import { z } from 'zod'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { type Http, headerOf } from '../fetch/http.ts'
import { getJson } from '../fetch/json.ts'
import { duplicateWeights } from './duplicate-weights.ts'
import { matchesGlob } from './glob.ts'
import type { Listing, Resolved, SourceContext, SourceFile } from './source.ts'

type HuggingFace = NonNullable<SourceContext['source']['huggingFace']>

const COMMIT = /^[0-9a-f]{40}$/
const MAX_FILES = 100_000

const revisionInfo = z.object({ sha: z.string().regex(COMMIT) })

const entry = z.object({
  type: z.string(),
  path: z.string(),
  /** The hash of the file as a git blob. With large file storage, it is the hash of the pointer. */
  oid: z.string(),
  size: z.int().min(0),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
})
type Entry = z.infer<typeof entry>

/**
 * A repository of the Hugging Face Hub, or of a mirror, at one commit. If a branch moves meanwhile, nothing
 * changes.
 */
export async function huggingFace(source: HuggingFace, context: SourceContext): Promise<Resolved> {
  const { repo, revision, include, exclude } = source
  const hub = {
    endpoint: (source.endpoint ?? context.huggingFaceEndpoint).replace(/\/+$/, ''),
    repo,
    token: await context.secret(source.secretRef),
    http: context.http,
    signal: context.signal,
  }
  const commit = COMMIT.test(revision) ? revision : await commitOf(hub, revision)
  return {
    identity: JSON.stringify({ kind: 'huggingFace', repo, commit, include, exclude }),
    revision: commit,
    list: () => list(hub, commit, source),
  }
}

interface Hub {
  http: Http
  endpoint: string
  repo: string
  token: string | undefined
  signal: AbortSignal
}

async function commitOf({ http, endpoint, repo, token, signal }: Hub, revision: string): Promise<string> {
  const url = `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`
  const { value } = await getJson(http, { url, token, signal }, revisionInfo)
  return value.sha
}

async function list(hub: Hub, commit: string, { repo, include, exclude }: HuggingFace): Promise<Listing> {
  const all = await entriesOf(hub, commit)
  const matching = all.filter(({ path }) => {
    if (include !== undefined && !include.some(pattern => matchesGlob(path, pattern))) return false
    return exclude?.some(pattern => matchesGlob(path, pattern)) !== true
  })
  // If `include` is set, the author has already chosen.
  const duplicates =
    include === undefined ? duplicateWeights(matching.map(({ path }) => path)) : new Set<string>()
  const wanted = matching.filter(({ path }) => !duplicates.has(path))
  if (wanted.length === 0) {
    const message = `none of the ${all.length} files of ${repo} at commit ${commit} matches include and exclude; correct the patterns`
    throw new HydrationError('SourceNotFound', message)
  }
  return {
    files: wanted.map(found => fileOf(hub, commit, found)),
    ...(duplicates.size > 0 && { leftOut: duplicates.size }),
  }
}

async function entriesOf({ http, endpoint, repo, token, signal }: Hub, commit: string): Promise<Entry[]> {
  const url = `${endpoint}/api/models/${repo}/tree/${commit}?recursive=true`
  const entries: Entry[] = []
  for (let next: string | undefined = url; next !== undefined; ) {
    const { value, reply } = await getJson(http, { url: next, token, signal }, z.array(entry))
    entries.push(...value.filter(({ type }) => type === 'file'))
    if (entries.length > MAX_FILES)
      throw new HydrationError('SourceNotFound', `${repo} has more than ${MAX_FILES} files; use include`)
    const cursor = cursorOf(headerOf(reply, 'link'), url)
    next = cursor === undefined ? undefined : `${url}&cursor=${encodeURIComponent(cursor)}`
  }
  return entries
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

function fileOf(
  { http, endpoint, repo, token }: Hub,
  commit: string,
  { path, oid, size, lfs }: Entry,
): SourceFile {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  const url = `${endpoint}/${repo}/resolve/${commit}/${encoded}`
  const bytes = lfs?.size ?? size
  return {
    path,
    size: bytes,
    identity: lfs?.oid ?? oid,
    ...(lfs === undefined ? { gitBlob: oid } : { sha256: lfs.oid }),
    open: (range, signal) => openDownload({ http, url, token, size: bytes, isVerified: true }, range, signal),
  }
}
