import { XMLParser } from 'fast-xml-parser'
import { z } from 'zod'
import { firstIssue } from '../../../api/schema/parse.ts'
import { HydrationError } from '../../failure.ts'
import { contentOf } from '../../fetch/content.ts'
import type { Http } from '../../fetch/http.ts'
import { shown } from '../../fetch/rejection.ts'
import { withRetries } from '../../fetch/retry.ts'
import type { Bucket } from './bucket.ts'
import { EXPLAINED, rejected } from './rejected.ts'

/** An object of a bucket. */
export interface S3Object {
  key: string
  size: number
  /** Without its quotes. */
  etag: string
}

/** A page of 1,000 objects has about a MiB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024
const MAX_OBJECTS = 100_000
/** Characters of all keys together. */
const MAX_KEYS = 16 * 1024 * 1024

/** Values stay texts, and nothing in the document defines what its entities are. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  isArray: name => name === 'Contents',
})

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
        .max(MAX_OBJECTS)
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
  const found: S3Object[] = []
  const tokens = new Set<string>()
  let characters = 0
  for (let token: string | undefined = ''; token !== undefined; ) {
    const url = bucket.url('', {
      'list-type': '2',
      'encoding-type': 'url',
      prefix,
      ...(token !== '' && { 'continuation-token': token }),
    })
    const { next, objects } = await pageAt(url, { bucket, http, signal })
    for (const object of objects) {
      characters += object.key.length
      if (found.push(object) > MAX_OBJECTS || characters > MAX_KEYS)
        throw new HydrationError(
          'SourceNotFound',
          `bucket ${bucket.name} has more than ${MAX_OBJECTS} objects there`,
        )
    }
    if (next !== undefined && tokens.has(next))
      throw new HydrationError('SourceUnavailable', `the listing of bucket ${bucket.name} has no end`)
    if (next !== undefined) tokens.add(next)
    token = next
  }
  return found
}

async function pageAt(
  url: string,
  { bucket, http, signal }: { bucket: Bucket; http: Http; signal: AbortSignal },
): Promise<{ next: string | undefined; objects: S3Object[] }> {
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

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' }

function entitiesOf(text: string): string {
  return text.replace(/&(quot|apos|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] ?? '')
}
