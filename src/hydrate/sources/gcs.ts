import { createHash } from 'node:crypto'
import { quote } from '../../api/schema/text.ts'
import type { Checksum } from '../checksum.ts'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import type { Http } from '../fetch/http.ts'
import { type GcsBucket, openGcsBucket } from './gcs/bucket.ts'
import { gcsSign } from './gcs/credentials.ts'
import { type GcsObject, listGcsObjects } from './gcs/listing.ts'
import type { Resolved, SourceContext, SourceFile } from './source.ts'
import { listingOf, objectsNamed } from './stored-objects.ts'

type Gcs = NonNullable<SourceContext['source']['gcs']>

/**
 * The objects below a prefix of a bucket of Google Cloud Storage, or one object. The listing says which
 * generation of each object this is, and only that one is fetched.
 */
export async function gcs(source: Gcs, context: SourceContext): Promise<Resolved> {
  const { uri, endpoint, userProject } = source
  const { http, signal } = context
  const [, name = '', key = ''] = /^gs:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? []
  const bucket = openGcsBucket({ name, endpoint, userProject, sign: await gcsSign(source, context) })
  const { objects, base, isObject } = await objectsNamed(key, prefix =>
    listGcsObjects(bucket, prefix, { http, signal }),
  )
  if (objects.length === 0) {
    const message = `bucket ${quote(name)} has no object ${quote(key)}, and none below it; correct uri`
    throw new HydrationError('SourceNotFound', message)
  }
  const listed = objects.map(object => `${object.key}\0${object.generation}\n`).join('')
  const of = createHash('sha256').update(listed).digest('hex')
  return {
    identity: JSON.stringify({ kind: 'gcs', uri, endpoint, of }),
    async list() {
      const files = objects.map(object => fileOf(bucket, base, object, http))
      return listingOf(files, isObject, signal)
    },
  }
}

function fileOf(bucket: GcsBucket, base: string, object: GcsObject, http: Http): SourceFile {
  const { key, size, generation, isEncoded } = object
  // The server decodes what was stored encoded: size and checksum are those of the encoded bytes.
  const known = isEncoded ? { size: undefined } : { size, checksum: checksumOf(object) }
  const download = {
    ...{ http, url: bucket.object(key, generation), sign: bucket.sign, via: {} },
    ...{ size: known.size, validator: undefined },
    // A generation never changes.
    isVerified: !isEncoded,
  }
  return {
    path: key.slice(base.length),
    ...known,
    identity: generation,
    hasRanges: !isEncoded,
    open: (range, stop) => openDownload(download, isEncoded ? { ...range, from: 0 } : range, stop),
  }
}

/** Objects that were composed of others have no MD5. */
function checksumOf({ md5Hash, crc32c }: GcsObject): Checksum | undefined {
  const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')
  if (md5Hash !== undefined) return { algorithm: 'md5', value: hex(md5Hash) }
  return crc32c === undefined ? undefined : { algorithm: 'crc32c', value: hex(crc32c) }
}
