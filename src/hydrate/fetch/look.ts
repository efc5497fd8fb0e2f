import { encodingOf } from './encoding.ts'
import type { Http, SourceRequest } from './http.ts'
import { headerOf, type Reply, sizeIn, UNSATISFIABLE } from './reply.ts'

/** What a server says about a file before it is fetched. */
export interface Look {
  /** Bytes; undefined if the server does not tell. */
  size: number | undefined
  etag: string | undefined
  /** A validator for `If-Range`: a strong ETag, or a date. */
  validator: string | undefined
  /** A text that stays the same as long as the bytes do. */
  identity: string | undefined
  /** Whether the server gives parts of the file. */
  hasRanges: boolean
  /** From Content-Disposition (RFC 6266), its last part. */
  fileName: string | undefined
}

/** Asks for the first byte of a file. Some servers answer no HEAD, or another one than to GET. */
export async function look(http: Http, request: SourceRequest): Promise<Look> {
  const headers = { range: 'bytes=0-0' }
  const reply = await http.get({ ...request, headers, allowed: [UNSATISFIABLE] })
  reply.drop()
  const isEncoded = encodingOf(reply) !== undefined
  const length = reply.status === 200 ? lengthOf(reply) : sizeIn(reply)
  const etag = headerOf(reply, 'etag')
  const date = headerOf(reply, 'last-modified')
  // If-Range takes no weak validators.
  const validator = etag !== undefined && !etag.startsWith('W/') ? etag : date
  const identity = etag ?? date
  return {
    // The number of encoded bytes says nothing about the file.
    size: isEncoded ? undefined : length,
    etag,
    validator: isEncoded ? undefined : validator,
    identity: identity && `${identity} ${length ?? ''}`,
    hasRanges: reply.status === 206 && !isEncoded,
    fileName: fileNameIn(headerOf(reply, 'content-disposition')),
  }
}

function lengthOf(reply: Reply): number | undefined {
  const length = headerOf(reply, 'content-length')
  return length === undefined ? undefined : Number(length)
}

function fileNameIn(header: string | undefined): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header ?? '')?.[1]
  const plain = /;\s*filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(header ?? '')
  const name = extended === undefined ? (plain?.[1] ?? plain?.[2]) : decoded(extended)
  return name?.replaceAll('\\', '/').split('/').at(-1)
}

/** The text behind percent-encoding, or the text as it is if it has none. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
