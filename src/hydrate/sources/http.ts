import { posix } from 'node:path'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { decodedBody, encodingOf } from '../fetch/encoding.ts'
import { type Http as Client, headerOf, type SourceRequest, shown, unreachable } from '../fetch/http.ts'
import { withRetries } from '../fetch/retry.ts'
import type { Resolved, SourceContext, SourceFile } from './source.ts'

/** How many of the first bytes of a file we look at: more than a block of zstd. */
const START_BYTES = 256 * 1024

type Http = NonNullable<SourceContext['source']['http']>

/**
 * A file behind a URL, or an archive whose files belong in the snapshot. With a SHA-256 the source is
 * identified without a call, and otherwise by what the server says about the bytes.
 */
export async function http({ sha256, ...access }: Http, context: SourceContext): Promise<Resolved> {
  const { http: client, signal } = context
  const { url, token } = await accessBy(access, context)
  const lookOnce = () => withRetries(() => look(client, { url, token, signal }), { signal })
  const seen = sha256 === undefined ? await lookOnce() : undefined
  const known: Known = seen ?? { identity: sha256, isVerified: true }
  return {
    // Without a validator nobody can tell whether the bytes are the same, so this snapshot counts only for
    // now.
    identity: JSON.stringify({
      kind: 'http',
      url: access.url ?? shown(url),
      of: known.identity ?? new Date().toISOString(),
    }),
    async list() {
      // The SHA-256 says which bytes these are, not how many, and not in which format.
      const { size, fileName } = seen ?? (await lookOnce())
      const path = nameOf(url, fileName)
      const file: SourceFile = {
        path,
        size,
        identity: known.identity,
        sha256,
        open: (range, signal) => openDownload({ http: client, url, token, ...known, size }, range, signal),
      }
      return {
        files: [file],
        start: () => withRetries(() => startOf(client, { url, token, signal }), { signal }),
      }
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
  size?: number | undefined
  validator?: string | undefined
  identity?: string | undefined
  isVerified?: boolean
}

interface Look extends Known {
  /** From Content-Disposition. */
  fileName: string | undefined
}

/** What a server says about the bytes, their number and a validator, when we ask for the first of them. */
async function look(client: Client, request: SourceRequest): Promise<Look> {
  const reply = await client.get({ ...request, headers: { range: 'bytes=0-0' } })
  reply.drop()
  const isEncoded = encodingOf(reply) !== undefined
  const length =
    reply.status === 206
      ? /\/(\d+)$/.exec(headerOf(reply, 'content-range') ?? '')?.[1]
      : headerOf(reply, 'content-length')
  const etag = headerOf(reply, 'etag')
  // RFC 9110 section 13.1.5: a weak ETag does not promise that ranges fit together.
  const validator = etag !== undefined && !etag.startsWith('W/') ? etag : headerOf(reply, 'last-modified')
  const identity = etag ?? headerOf(reply, 'last-modified')
  return {
    // The number of encoded bytes says nothing about the file.
    size: length === undefined || isEncoded ? undefined : Number(length),
    validator: isEncoded ? undefined : validator,
    identity: identity && `${identity} ${length ?? ''}`,
    fileName: fileNameOf(headerOf(reply, 'content-disposition')),
  }
}

/** The first bytes of the file. */
async function startOf(client: Client, request: SourceRequest): Promise<Buffer> {
  const reply = await client.get({ ...request, headers: { range: `bytes=0-${START_BYTES - 1}` } })
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of decodedBody(reply, request.url)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= START_BYTES) break
    }
  } catch (error) {
    // An encoding that was cut off ends with an error; what came before it counts.
    if (encodingOf(reply) === undefined || bytes === 0) throw unreachable(request.url, error)
  } finally {
    reply.drop()
  }
  return Buffer.concat(chunks)
}

/** The file name of a Content-Disposition (RFC 6266), its last part. */
function fileNameOf(header: string | undefined): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header ?? '')?.[1]
  const plain = /;\s*filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(header ?? '')
  const name = extended === undefined ? (plain?.[1] ?? plain?.[2]) : decoded(extended)
  return name === undefined ? undefined : posix.basename(name.replaceAll('\\', '/'))
}

/** The last part of the path of a URL. If it has no suffix, the server may know a better name. */
function nameOf(url: string, fileName: string | undefined): string {
  const last = decoded(posix.basename(new URL(url).pathname))
  return (last.includes('.') ? last : fileName || last) || 'file'
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
