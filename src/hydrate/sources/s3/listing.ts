import { z } from 'zod'
import { firstIssue } from '../../../api/schema/parse.ts'
import { HydrationError } from '../../failure.ts'
import { contentOf } from '../../fetch/content.ts'
import type { Http } from '../../fetch/http.ts'
import { shown } from '../../fetch/rejection.ts'
import { withRetries } from '../../fetch/retry.ts'
import { allObjects, type Page, type StoredObject } from '../stored-objects.ts'
import { entitiesOf, xmlParser } from '../xml.ts'
import type { Bucket } from './bucket.ts'
import { EXPLAINED, rejected } from './rejected.ts'

/** An object of a bucket. */
export interface S3Object extends StoredObject {
  /** Without its quotes. */
  etag: string
}

/** A page of 1,000 objects has about a MiB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024
/** More than S3 has on a page. */
const MAX_ON_PAGE = 100_000

const parser = xmlParser(['Contents'])

const page = z.object({
  // Without members, it is an empty text.
  ListBucketResult: z.preprocess(
    given => (given === '' ? {} : given),
    z.object({
      IsTruncated: z.string().optional(),
      NextContinuationToken: z.string().optional(),
      EncodingType: z.string().optional(),
      Contents: z
        .array(z.object({ Key: z.string(), Size: z.string().regex(/^\d{1,16}$/), ETag: z.string() }))
        .max(MAX_ON_PAGE)
        .default([]),
    }),
  ),
})

/**
 * All objects below a prefix (ListObjectsV2), in the order of their keys.
 *
 * @throws HydrationError SourceNotFound for what does not answer as S3 does, or has too many objects.
 */
export async function listObjects(
  bucket: Bucket,
  prefix: string,
  { http, signal }: { http: Http; signal: AbortSignal },
): Promise<S3Object[]> {
  return allObjects(`bucket ${bucket.name}`, token => {
    const url = bucket.url('', {
      'list-type': '2',
      'encoding-type': 'url',
      prefix,
      ...(token !== undefined && { 'continuation-token': token }),
    })
    return pageAt(url, { bucket, http, signal })
  })
}

async function pageAt(
  url: string,
  { bucket, http, signal }: { bucket: Bucket; http: Http; signal: AbortSignal },
): Promise<Page<S3Object>> {
  const text = await withRetries(
    async () => {
      const reply = await http.get({ url, sign: bucket.sign, allowed: EXPLAINED, signal })
      if (reply.status !== 200) throw await rejected(reply, url, await bucket.isSigned())
      return contentOf(reply, url, MAX_PAGE_BYTES)
    },
    { signal },
  )
  const parsed = page.safeParse(parser.parse(text))
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error)
    throw new HydrationError(
      'SourceNotFound',
      `${shown(url)} does not answer as S3 does: ${field} ${message}; correct the endpoint`,
    )
  }
  const { ListBucketResult: result } = parsed.data
  const isEncoded = result.EncodingType === 'url'
  return {
    next: result.IsTruncated === 'true' ? entitiesOf(result.NextContinuationToken ?? '') : undefined,
    objects: result.Contents.map(({ Key, Size, ETag }) => ({
      key: isEncoded ? decodedKey(Key) : entitiesOf(Key),
      size: Number(Size),
      etag: entitiesOf(ETag).replaceAll('"', ''),
    })),
  }
}

/** In a listing, S3 writes a space as a plus sign. */
function decodedKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', '%20'))
}
