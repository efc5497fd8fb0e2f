import { posix } from 'node:path'
import { type Download, openDownload } from '../fetch/download.ts'
import { decodedBody, encodingOf } from '../fetch/encoding.ts'
import type { Http, SourceRequest } from '../fetch/http.ts'
import { decoded, look } from '../fetch/look.ts'
import { unreachable } from '../fetch/rejection.ts'
import { UNSATISFIABLE } from '../fetch/reply.ts'
import { withRetries } from '../fetch/retry.ts'
import { type SourceFile, START_BYTES } from './source.ts'

/** A file behind a URL. */
export interface HttpFile {
  url: string
  /** The path within the snapshot, if the author chose one. */
  path: string | undefined
  /** A text that stays the same as long as the bytes do. */
  of: string
  file(): Promise<SourceFile>
  /** Its first bytes. */
  start(): Promise<Buffer>
}

/** What identifies the bytes, and tells whether ranges of them fit together. */
type Known = Pick<Download, 'validator' | 'isVerified'> & { identity: string | undefined }

/** Asks a server about a file, unless its SHA-256 is known. */
export async function httpFile(
  {
    url,
    token,
    sha256,
    isGiven,
    path,
  }: {
    url: string
    token?: string | undefined
    sha256?: string | undefined
    /** Whether the ModelCache gives the SHA-256, and not a checksum file. */
    isGiven?: boolean
    path?: string | undefined
  },
  { client, signal }: { client: Http; signal: AbortSignal },
): Promise<HttpFile> {
  const lookOnce = () => withRetries(() => look(client, { url, token, signal }), { signal })
  const seen = sha256 === undefined ? await lookOnce() : undefined
  const known: Known = seen ?? { identity: sha256, isVerified: true }
  return {
    url,
    path,
    // Without a validator nobody can tell whether the bytes are the same, so this snapshot counts only for
    // now.
    of: known.identity ?? new Date().toISOString(),
    async file() {
      // The SHA-256 says which bytes these are, not how many, and not in which format.
      const { size, fileName, hasRanges } = seen ?? (await lookOnce())
      const download = { http: client, url, token, ...known, size, via: {} }
      return {
        path: path ?? nameOf(url, fileName),
        size,
        identity: known.identity,
        sha256,
        isGiven,
        hasRanges: hasRanges && (known.isVerified || known.validator !== undefined),
        open: (range, stop) => openDownload(download, range, stop),
      }
    },
    start: () => withRetries(() => startOf(client, { url, token, signal }), { signal }),
  }
}

/** The first bytes of the file. */
async function startOf(client: Http, request: SourceRequest): Promise<Buffer> {
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
