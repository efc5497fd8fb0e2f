import { z } from 'zod'
import { COMMIT } from '../../api/schema/digest.ts'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { getJson } from '../fetch/json.ts'
import { duplicateWeights } from './duplicate-weights.ts'
import { matchesGlob } from './glob.ts'
import { type Entry, entriesOf, type Hub, urlOf } from './hugging-face-listing.ts'
import type { LeftOut, Listing, Resolved, SourceContext, SourceFile } from './source.ts'

type HuggingFace = NonNullable<SourceContext['source']['huggingFace']>

/**
 * A repository of the Hugging Face Hub, or of a mirror, at one commit. If a branch moves meanwhile, nothing
 * changes.
 */
export async function huggingFace(source: HuggingFace, context: SourceContext): Promise<Resolved> {
  const { repo, revision, include, exclude } = source
  const of = isDataset(source) ? 'dataset' : undefined
  const hub = {
    ...placesOf(source, context.huggingFaceEndpoint),
    repo,
    token: await context.secret(source.secretRef),
    http: context.http,
    signal: context.signal,
  }
  const commit = COMMIT.test(revision) ? revision : await commitOf(hub, revision)
  return {
    identity: JSON.stringify({ kind: 'huggingFace', repo, of, commit, include, exclude }),
    revision: commit,
    list: () => list(hub, commit, source),
  }
}

function isDataset({ kind }: HuggingFace): boolean {
  return kind === 'dataset'
}

/** Where a repository is: models are at the root of a hub, and datasets have a folder of their own. */
function placesOf(source: HuggingFace, usual: string): Pick<Hub, 'api' | 'files'> {
  const endpoint = (source.endpoint ?? usual).replace(/\/+$/, '')
  return isDataset(source)
    ? { api: `${endpoint}/api/datasets/${source.repo}`, files: `${endpoint}/datasets/${source.repo}` }
    : { api: `${endpoint}/api/models/${source.repo}`, files: `${endpoint}/${source.repo}` }
}

const revisionInfo = z.object({ sha: z.string().regex(COMMIT) })

async function commitOf({ http, api, token, signal }: Hub, revision: string): Promise<string> {
  const url = `${api}/revision/${encodeURIComponent(revision)}`
  const { value } = await getJson(http, { url, token, signal }, revisionInfo)
  return value.sha
}

async function list(hub: Hub, commit: string, source: HuggingFace): Promise<Listing> {
  const { repo, include, exclude } = source
  const all = await entriesOf(hub, commit)
  const isMatched = (path: string, patterns: readonly string[] = []) =>
    patterns.some(pattern => matchesGlob(path, pattern))
  const byAuthor = (path: string): LeftOut['why'] | undefined => {
    if (include !== undefined && !isMatched(path, include)) return 'notIncluded'
    return isMatched(path, exclude) ? 'excluded' : undefined
  }
  const notWanted = new Map<string, LeftOut['why']>()
  for (const { path } of all) {
    const why = byAuthor(path)
    if (why !== undefined) notWanted.set(path, why)
  }
  const matching = all.filter(({ path }) => !notWanted.has(path))
  // If `include` is set, the author has already chosen. A dataset has no weights.
  const duplicates =
    include === undefined && !isDataset(source)
      ? duplicateWeights(matching.map(({ path }) => path))
      : new Set<string>()
  const wanted = matching.filter(({ path }) => !duplicates.has(path))
  if (wanted.length === 0) {
    const message = `none of the ${all.length} files of ${repo} at commit ${commit} matches include and exclude; correct the patterns`
    throw new HydrationError('SourceNotFound', message)
  }
  const leftOut = all.flatMap(({ path }): LeftOut[] => {
    const why = notWanted.get(path) ?? (duplicates.has(path) ? 'duplicate' : undefined)
    return why === undefined ? [] : [{ path, why }]
  })
  return { files: wanted.map(found => fileOf(hub, commit, found)), leftOut }
}

function fileOf(hub: Hub, commit: string, { path, size, sha256, gitBlob }: Entry): SourceFile {
  const { http, token } = hub
  const url = urlOf(hub, commit, path)
  const isVerified = sha256 !== undefined || gitBlob !== undefined
  const download = { http, url, token, size, isVerified, via: {} }
  return {
    path,
    size,
    identity: sha256 ?? gitBlob ?? commit,
    sha256,
    gitBlob,
    hasRanges: isVerified,
    open: (range, signal) => openDownload(download, range, signal),
  }
}
