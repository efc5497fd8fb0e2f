import { posix } from 'node:path'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { type Http as Client, headerOf, type SourceRequest, shown } from '../fetch/http.ts'
import { withRetries } from '../fetch/retry.ts'
import type { Listing, Resolved, SourceContext, SourceFile } from './source.ts'

const ARCHIVES: readonly [suffix: RegExp, format: NonNullable<Listing['archive']>][] = [
  [/\.tar$/i, 'tar'],
  [/\.(tar\.gz|tgz)$/i, 'tar.gz'],
  [/\.zip$/i, 'zip'],
]

type Http = NonNullable<SourceContext['source']['http']>

/**
 * A file behind a URL, or an archive whose files belong in the snapshot. With a SHA-256 the source is
 * identified without a call, and otherwise by what the server says about the bytes.
 */
export async function http({ sha256, ...access }: Http, context: SourceContext): Promise<Resolved> {
  const { http: client, signal } = context
  const { url, token } = await accessBy(access, context)
  const name = nameOf(url)
  const archive = ARCHIVES.find(([suffix]) => suffix.test(name))?.[1]
  const known: Known =
    sha256 === undefined
      ? await withRetries(() => look(client, { url, token, signal }), { signal })
      : { identity: sha256, isVerified: true }
  const file: SourceFile = {
    path: name,
    size: known.size,
    identity: known.identity,
    sha256,
    open: (range, signal) => openDownload({ http: client, url, token, ...known }, range, signal),
  }
  return {
    // Without a validator nobody can tell whether the bytes are the same, so this snapshot counts only for
    // now.
    identity: JSON.stringify({
      kind: 'http',
      url: access.url ?? shown(url),
      of: known.identity ?? new Date().toISOString(),
    }),
    async list() {
      // The SHA-256 says which bytes these are, not how many.
      const size =
        file.size ?? (await withRetries(() => look(client, { url, token, signal }), { signal })).size
      return { files: [{ ...file, size }], archive }
    },
  }
}

/** Where the bytes are, and the token for them. A URL in the Secret contains its own token. */
async function accessBy(
  { url, secretRef }: Pick<Http, 'url' | 'secretRef'>,
  context: SourceContext,
): Promise<{ url: string; token?: string | undefined }> {
  if (url !== undefined) return { url, token: await context.secret(secretRef) }
  const { name = '', urlKey: key = '' } = secretRef ?? {}
  const held = (await context.secret({ name, key })) ?? ''
  if (/^https?:/.test(held) && URL.canParse(held)) return { url: held }
  throw new HydrationError('SecretNotFound', `key ${key} of Secret ${name} holds no http or https URL`)
}

interface Known {
  size?: number
  validator?: string
  identity?: string
  isVerified?: boolean
}

/** What a server says about the bytes, their number and a validator, when we ask for the first of them. */
async function look(client: Client, request: SourceRequest): Promise<Known> {
  const reply = await client.get({ ...request, headers: { range: 'bytes=0-0' } })
  reply.drop()
  const length =
    reply.status === 206
      ? /\/(\d+)$/.exec(headerOf(reply, 'content-range') ?? '')?.[1]
      : headerOf(reply, 'content-length')
  const etag = headerOf(reply, 'etag')
  // RFC 9110 section 13.1.5: a weak ETag does not promise that ranges fit together.
  const validator = etag !== undefined && !etag.startsWith('W/') ? etag : headerOf(reply, 'last-modified')
  const identity = etag ?? headerOf(reply, 'last-modified')
  return {
    ...(length !== undefined && { size: Number(length) }),
    ...(validator !== undefined && { validator }),
    ...(identity !== undefined && { identity: `${identity} ${length ?? ''}` }),
  }
}

/** The last part of a URL's path, which is the name of its file. */
function nameOf(url: string): string {
  const last = posix.basename(new URL(url).pathname)
  return decoded(last) || 'file'
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
