import { pipeline, Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { HydrationError } from '../failure.ts'
import { shown } from './rejection.ts'
import { headerOf, type Reply } from './reply.ts'

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/** Suffixes of files that are compressed themselves, which servers like to mistake for an encoding. */
const COMPRESSED = /\.(gz|br|zst|z|deflate)$/i

/** The Content-Encoding of a reply; undefined if its bytes are those of the file. */
export function encodingOf(reply: Pick<Reply, 'headers'>): string | undefined {
  const encoding = headerOf(reply, 'content-encoding')?.trim().toLowerCase()
  return encoding === '' || encoding === 'identity' ? undefined : encoding
}

/**
 * The bytes of the file in a reply. We ask for bytes without an encoding, but some servers store files
 * encoded and send them so (RFC 9110 section 8.4).
 *
 * @throws HydrationError SourceUnavailable for an encoding that we do not know, and if nobody can tell
 * whether the file itself is compressed or only its way here.
 */
export function decodedBody(reply: Reply, url: string): AsyncIterable<Uint8Array> {
  const encoding = encodingOf(reply)
  if (encoding === undefined) return reply.body
  const decoder = DECODERS[encoding]
  const isArchive = /\.(tar\.gz|tgz|tar\.zst|tzst)$/i.test(new URL(url).pathname)
  if (decoder === undefined || (COMPRESSED.test(new URL(url).pathname) && !isArchive)) {
    reply.drop()
    const message = `${shown(url)} has Content-Encoding ${encoding}, so nobody can tell what the file is; make the server send it without`
    throw new HydrationError('SourceUnavailable', message)
  }
  const target = decoder()
  pipeline(Readable.from(reply.body), target, () => {})
  return target as NodeJS.ReadWriteStream & AsyncIterable<Uint8Array>
}
