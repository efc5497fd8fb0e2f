import type { Algorithm, Checksum } from '../../checksum.ts'
import { HydrationError } from '../../failure.ts'
import type { Http } from '../../fetch/http.ts'
import { shown } from '../../fetch/rejection.ts'
import { headerOf, type Reply } from '../../fetch/reply.ts'
import { withRetries } from '../../fetch/retry.ts'
import type { Bucket } from './bucket.ts'
import type { S3Object } from './listing.ts'

/** What S3 says of an object that is about to be fetched in parts. */
export interface ObjectFacts {
  /** The address of exactly these bytes, if the bucket keeps versions. */
  url: string
  checksum: Checksum | undefined
}

/** Checksums that S3 stores, the strongest first. */
const ALGORITHMS: readonly Algorithm[] = ['sha256', 'sha1', 'crc64nvme', 'crc32c', 'crc32']
const MD5 = /^[0-9a-f]{32}$/

/**
 * Asks about an object, and about its first part if it came in parts: the checksum of such an object is that
 * of its parts (S3 user guide, "Checking object integrity").
 *
 * @throws HydrationError SourceChanged if it is not the one of the listing any more.
 */
export async function lookAt(
  bucket: Bucket,
  object: S3Object,
  { http, signal }: { http: Http; signal: AbortSignal },
): Promise<ObjectFacts> {
  const ask = (query: Record<string, string>) =>
    withRetries(
      async () => {
        const url = bucket.url(object.key, query)
        const reply = await http.get({ url, method: 'HEAD', sign: bucket.sign, signal })
        reply.drop()
        return reply
      },
      { signal },
    )
  const reply = await ask({})
  if (etagIn(reply) !== object.etag)
    throw new HydrationError(
      'SourceChanged',
      `${shown(bucket.url(object.key))} has changed since it was listed`,
    )
  const version = headerOf(reply, 'x-amz-version-id')
  const query = version === undefined || version === 'null' ? {} : { versionId: version }
  const facts = { url: bucket.url(object.key, query), checksum: checksumIn(reply) }
  const parts = partsIn(reply)
  if (facts.checksum !== undefined || parts === undefined) return facts
  const first = await ask({ ...query, partNumber: '1' })
  const partBytes = Number(headerOf(first, 'content-length'))
  const isSame = partBytes > 0 && Math.ceil(object.size / partBytes) === parts
  return { ...facts, checksum: isSame ? checksumIn(reply, partBytes) : undefined }
}

/**
 * What an answer with a whole object claims for its bytes. With `partBytes` it may be the checksum of parts
 * of that size.
 */
export function checksumIn(reply: Reply, partBytes?: number): Checksum | undefined {
  for (const algorithm of ALGORITHMS) {
    const header = headerOf(reply, `x-amz-checksum-${algorithm}`) ?? ''
    const [, base64, parts = partsIn(reply)] = /^([A-Za-z0-9+/=]+?)(?:-(\d{1,5}))?$/.exec(header) ?? []
    if (base64 === undefined) continue
    const value = Buffer.from(base64, 'base64').toString('hex')
    // Stores that do not say it have no other checksum for an object that came in one piece.
    const isWhole = headerOf(reply, 'x-amz-checksum-type') === 'FULL_OBJECT' || parts === undefined
    if (isWhole) return { algorithm, value }
    const size = partBytes ?? onlyPart(reply, Number(parts))
    if (size !== undefined) return { algorithm, value, partBytes: size }
  }
  return md5In(reply, partBytes)
}

/** The ETag, where it is an MD5. With keys of KMS it is not, and other stores may have other texts. */
function md5In(reply: Reply, partBytes: number | undefined): Checksum | undefined {
  if (/^aws:/.test(headerOf(reply, 'x-amz-server-side-encryption') ?? '')) return undefined
  const [value = '', parts] = etagIn(reply).split('-')
  if (!MD5.test(value)) return undefined
  if (parts === undefined) return { algorithm: 'md5', value, isGuess: true }
  const size = partBytes ?? onlyPart(reply, Number(parts))
  return size === undefined ? undefined : { algorithm: 'md5', value, partBytes: size, isGuess: true }
}

/** The size of the part of an object that came in one part. */
function onlyPart(reply: Reply, parts: number): number | undefined {
  const size = Number(headerOf(reply, 'content-length'))
  return parts === 1 && size > 0 ? size : undefined
}

/** In how many parts the object came, as its ETag says. */
function partsIn(reply: Reply): number | undefined {
  const [, parts] = /-(\d{1,5})$/.exec(etagIn(reply)) ?? []
  return parts === undefined ? undefined : Number(parts)
}

function etagIn(reply: Reply): string {
  return (headerOf(reply, 'etag') ?? '').replace(/^W\//, '').replaceAll('"', '')
}
