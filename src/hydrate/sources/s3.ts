import { createHash } from 'node:crypto'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { LARGE_BYTES } from '../fetch/opened.ts'
import { runPool } from '../fetch/pool.ts'
import { type Bucket, openBucket } from './s3/bucket.ts'
import { credentialSource } from './s3/credentials.ts'
import { listObjects, type S3Object } from './s3/listing.ts'
import { checksumIn, lookAt, type ObjectFacts } from './s3/object.ts'
import { OtherRegion } from './s3/rejected.ts'
import type { Listing, Resolved, SourceContext, SourceFile } from './source.ts'
import { listingOf, type Named, objectsNamed } from './stored-objects.ts'

type S3 = NonNullable<SourceContext['source']['s3']>

/** How many objects are asked about at a time. */
const SIDE_BY_SIDE = 8

/**
 * The objects below a prefix of a bucket, or one object. The listing says which bytes these are: an object
 * that changes afterwards has another ETag.
 */
export async function s3(source: S3, context: SourceContext): Promise<Resolved> {
  const [, name = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(source.uri) ?? []
  const place = await openPlace(name, key, source, context)
  const { objects } = place
  if (objects.length === 0) {
    const message = `bucket ${quote(name)} has no object ${quote(key)}, and none below it; correct uri`
    throw new HydrationError('SourceNotFound', message)
  }
  const listed = objects.map(object => `${object.key}\0${object.size}\0${object.etag}\n`).join('')
  return {
    identity: JSON.stringify({
      kind: 's3',
      uri: source.uri,
      endpoint: source.endpoint,
      of: createHash('sha256').update(listed).digest('hex'),
    }),
    list: () => list(place, context),
  }
}

interface Place extends Named<S3Object> {
  bucket: Bucket
}

/** The bucket in its region, which S3 tells if we do not know. */
async function openPlace(name: string, key: string, source: S3, context: SourceContext): Promise<Place> {
  const { endpoint, requesterPays } = source
  const credentials = await credentialSource(source, context)
  const open = async (region: string): Promise<Place> => {
    const bucket = openBucket({ name, region, endpoint, credentials, requesterPays })
    return { bucket, ...(await objectsNamed(key, prefix => listObjects(bucket, prefix, context))) }
  }
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
  try {
    return await open(source.region ?? (AWS_REGION || AWS_DEFAULT_REGION || 'us-east-1'))
  } catch (error) {
    if (error instanceof OtherRegion) return await open(error.region)
    throw error
  }
}

async function list({ bucket, objects, base, isObject }: Place, context: SourceContext): Promise<Listing> {
  const facts = new Map<string, ObjectFacts>()
  // What comes in parts has no answer that is about all of it.
  const asked = objects
    .filter(({ size }) => size > LARGE_BYTES)
    .map(object => async (signal: AbortSignal) => {
      facts.set(object.key, await lookAt(bucket, object, { http: context.http, signal }))
    })
  await runPool(asked, SIDE_BY_SIDE, context.signal)
  const files = objects.map(object => fileOf(bucket, base, object, facts.get(object.key), context))
  return listingOf(files, isObject, context.signal)
}

function fileOf(
  bucket: Bucket,
  base: string,
  { key, size, etag }: S3Object,
  { url = bucket.url(key), checksum }: Partial<ObjectFacts> = {},
  { http }: SourceContext,
): SourceFile {
  const quoted = `"${etag}"`
  const isHash = checksum?.algorithm === 'sha256' && checksum.partBytes === undefined
  const download = {
    ...{ http, url, size, checksumIn, via: {} },
    sign: bucket.sign,
    isStored: true,
    match: quoted,
    validator: quoted,
  }
  return {
    path: key.slice(base.length),
    size,
    identity: etag,
    hasRanges: true,
    ...(isHash ? { sha256: checksum.value } : { checksum }),
    open: (range, signal) => openDownload(download, range, signal),
  }
}
