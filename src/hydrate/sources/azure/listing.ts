import { z } from 'zod'
import { firstIssue } from '../../../api/schema/parse.ts'
import { foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import { contentOf } from '../../fetch/content.ts'
import type { Http } from '../../fetch/http.ts'
import { shown } from '../../fetch/rejection.ts'
import { headerOf, type Reply } from '../../fetch/reply.ts'
import { withRetries } from '../../fetch/retry.ts'
import { allObjects, type Page, type StoredObject } from '../stored-objects.ts'
import { entitiesOf, xmlParser } from '../xml.ts'
import type { AzureContainer } from './container.ts'

/** A blob of a container. */
export interface AzureBlob extends StoredObject {
  /** Without quotes. */
  etag: string
  /** In hexadecimal digits. Only if whoever wrote the blob gave it. */
  md5: string | undefined
}

/** A page of 5,000 blobs has some 5 MiB. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024
/** More than Azure has on a page. */
const MAX_ON_PAGE = 100_000

const parser = xmlParser(['Blob'])

const blob = z.object({
  Name: z.string(),
  Properties: z.object({
    'Content-Length': z.string().regex(/^\d{1,16}$/),
    Etag: z.string(),
    'Content-MD5': z.string().optional(),
    ResourceType: z.string().optional(),
  }),
  /** Without members, it is an empty text. */
  Metadata: z.union([z.object({ hdi_isfolder: z.string().optional() }), z.string()]).optional(),
})

const page = z.object({
  EnumerationResults: z.object({
    NextMarker: z.string().optional(),
    Blobs: z.preprocess(
      given => (given === '' ? {} : given),
      z.object({ Blob: z.array(blob).max(MAX_ON_PAGE).default([]) }),
    ),
  }),
})

/** All blobs below a prefix, in the order of their names ("List Blobs" of the Blob service REST API). */
export function listBlobs(
  container: AzureContainer,
  prefix: string,
  { http, signal }: { http: Http; signal: AbortSignal },
): Promise<AzureBlob[]> {
  return allObjects(`container ${container.name}`, async marker => {
    const url = container.page(prefix, marker)
    const text = await withRetries(
      async () => {
        const reply = await http.get({ url, sign: container.sign, allowed: EXPLAINED, signal })
        if (reply.status !== 200) throw await rejected(reply, url, container)
        return contentOf(reply, url, MAX_PAGE_BYTES)
      },
      { signal },
    )
    return pageIn(text, url)
  })
}

function pageIn(text: Buffer, url: string): Page<AzureBlob> {
  const parsed = page.safeParse(parser.parse(text))
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error)
    throw new HydrationError(
      'SourceNotFound',
      `${shown(url)} does not answer as Azure Blob Storage does: ${field} ${message}; correct the endpoint`,
    )
  }
  const { NextMarker, Blobs } = parsed.data.EnumerationResults
  return {
    next: NextMarker ? entitiesOf(NextMarker) : undefined,
    objects: Blobs.Blob.filter(each => !isFolder(each)).map(({ Name, Properties }) => ({
      key: entitiesOf(Name),
      size: Number(Properties['Content-Length']),
      etag: entitiesOf(Properties.Etag).replaceAll('"', ''),
      md5: Properties['Content-MD5'] && Buffer.from(Properties['Content-MD5'], 'base64').toString('hex'),
    })),
  }
}

/** With a hierarchical namespace, folders are blobs as well. */
function isFolder({ Properties, Metadata }: z.infer<typeof blob>): boolean {
  const isMarked = typeof Metadata === 'object' && Metadata.hdi_isfolder === 'true'
  return isMarked || Properties.ResourceType === 'directory'
}

/** Answers that say more than their status. */
const EXPLAINED = [400, 401, 403, 404, 409]

/** What such an answer means ("Blob service error codes"). */
async function rejected(reply: Reply, url: string, { isSigned }: AzureContainer): Promise<HydrationError> {
  await contentOf(reply, url, 64 * 1024).catch(() => {})
  const code = headerOf(reply, 'x-ms-error-code')
  const said = `${shown(url)} answers ${reply.status}${code === undefined ? '' : ` (${foreign(code, 64)})`}`
  if (reply.status === 404) return new HydrationError('SourceNotFound', `${said}; correct account and uri`)
  // Of a container that is not public, Azure says 409 to whoever has no credentials.
  if (reply.status === 401 || reply.status === 403 || reply.status === 409) {
    const fix = isSigned
      ? 'use credentials that may list the container and read its blobs (role Storage Blob Data Reader)'
      : 'set secretRef, or give the ServiceAccount of the Job an identity'
    return new HydrationError('Unauthorized', `${said}: ${fix}`)
  }
  return new HydrationError('SourceNotFound', `${said}; correct account, uri or endpoint`)
}
