import { z } from 'zod'
import type { Http } from '../../fetch/http.ts'
import { getJson } from '../../fetch/json.ts'
import { allObjects, type StoredObject } from '../stored-objects.ts'
import type { GcsBucket } from './bucket.ts'

/** An object of a bucket, at one generation. */
export interface GcsObject extends StoredObject {
  /** Tells the bytes that an object has from those that it had before. */
  generation: string
  /** Both in base64. */
  md5Hash: string | undefined
  crc32c: string | undefined
  /** It was stored compressed, and is served without that. */
  isEncoded: boolean
}

/** More than the API has on a page. */
const MAX_ON_PAGE = 100_000

const page = z.object({
  nextPageToken: z.string().optional(),
  items: z
    .array(
      z.object({
        name: z.string(),
        size: z.string().regex(/^\d{1,16}$/),
        generation: z.string().regex(/^\d{1,20}$/),
        md5Hash: z.string().optional(),
        crc32c: z.string().optional(),
        contentEncoding: z.string().optional(),
      }),
    )
    .max(MAX_ON_PAGE)
    .default([]),
})

/** All objects below a prefix, in the order of their names ("Objects: list" of the JSON API). */
export function listGcsObjects(
  bucket: GcsBucket,
  prefix: string,
  { http, signal }: { http: Http; signal: AbortSignal },
): Promise<GcsObject[]> {
  return allObjects(`bucket ${bucket.name}`, async token => {
    const request = { url: bucket.page(prefix, token), sign: bucket.sign, signal }
    const { value } = await getJson(http, request, page)
    const objects = value.items.map(({ name, size, contentEncoding, generation, md5Hash, crc32c }) => ({
      ...{ key: name, size: Number(size), generation, md5Hash, crc32c },
      isEncoded: contentEncoding !== undefined && contentEncoding !== '' && contentEncoding !== 'identity',
    }))
    return { objects, next: value.nextPageToken || undefined }
  })
}
