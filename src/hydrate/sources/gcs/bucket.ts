import type { Sign } from '../../fetch/http.ts'

/** A bucket of Google Cloud Storage, by its JSON API. */
export interface GcsBucket {
  readonly name: string
  readonly sign: Sign | undefined
  /** The URL of a page of its listing. */
  page(prefix: string, token: string | undefined): string
  /** The URL of the bytes of an object. */
  object(key: string, generation: string): string
}

export interface GcsBucketOptions {
  name: string
  /** A server with the same API. */
  endpoint?: string | undefined
  /** The project that pays for requests. */
  userProject?: string | undefined
  sign: Sign | undefined
}

const GOOGLE = 'https://storage.googleapis.com'
/** What we read of a listing. */
const FIELDS = 'nextPageToken,items(name,size,generation,md5Hash,crc32c,contentEncoding)'

export function openGcsBucket({ name, endpoint = GOOGLE, userProject, sign }: GcsBucketOptions): GcsBucket {
  const base = `${endpoint.replace(/\/+$/, '')}/storage/v1/b/${encodeURIComponent(name)}/o`
  const always = userProject === undefined ? {} : { userProject }
  const at = (path: string, query: Record<string, string>) =>
    `${base}${path}?${new URLSearchParams({ ...query, ...always })}`
  return {
    name,
    sign,
    page: (prefix, token) =>
      at('', { prefix, fields: FIELDS, ...(token !== undefined && { pageToken: token }) }),
    object: (key, generation) => at(`/${encodeURIComponent(key)}`, { alt: 'media', generation }),
  }
}
