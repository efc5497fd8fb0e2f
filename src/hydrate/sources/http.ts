import { posix } from 'node:path'
import { HydrationError } from '../failure.ts'
import { type Download, openDownload } from '../fetch/download.ts'
import { decodedBody, encodingOf } from '../fetch/encoding.ts'
import type { Http as Client, SourceRequest } from '../fetch/http.ts'
import { decoded, look } from '../fetch/look.ts'
import { shown, unreachable } from '../fetch/rejection.ts'
import { UNSATISFIABLE } from '../fetch/reply.ts'
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
      const { size, fileName, hasRanges } = seen ?? (await lookOnce())
      const download = { http: client, url, token, ...known, size, via: {} }
      const path = nameOf(url, fileName)
      const file: SourceFile = {
        path,
        size,
        identity: known.identity,
        sha256,
        hasRanges: hasRanges && (known.isVerified || known.validator !== undefined),
        open: (range, signal) => openDownload(download, range, signal),
      }
      return {
        files: [file],
        start: () => withRetries(() => startOf(client, { url, token, signal }), { signal }),
      }
    },
  }
}

/** What identifies the bytes, and tells whether ranges of them fit together. */
type Known = Pick<Download, 'validator' | 'isVerified'> & { identity: string | undefined }

/** Where the bytes are, and the token for them. A URL in the Secret contains its own token. */
async function accessBy(
  { url, secretRef }: Pick<Http, 'url' | 'secretRef'>,
  context: SourceContext,
): Promise<{ url: string; token?: string | undefined }> {
  if (url !== undefined) return { url, token: await context.secret(secretRef) }
  const { name = '', urlKey: key = '' } = secretRef ?? {}
  const held = (await context.secret({ name, key })) ?? ''
  if (/^https?:/.test(held) && URL.canParse(held)) return { url: held }
  throw new HydrationError('SecretMalformed', `key ${key} of Secret ${name} holds no http or https URL`)
}

/** The first bytes of the file. */
async function startOf(client: Client, request: SourceRequest): Promise<Buffer> {
  const headers = { range: `bytes=0-${START_BYTES - 1}` }
  const reply = await client.get({ ...request, headers, allowed: [UNSATISFIABLE] })
  if (reply.status === UNSATISFIABLE) {
    reply.drop()
    return Buffer.alloc(0)
  }
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

/** The last part of the path of a URL. If it has no suffix, the server may know a better name. */
function nameOf(url: string, fileName: string | undefined): string {
  const last = decoded(posix.basename(new URL(url).pathname))
  return (last.includes('.') ? last : fileName || last) || 'file'
}
