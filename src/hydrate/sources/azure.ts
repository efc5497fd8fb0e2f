import { createHash } from 'node:crypto'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import { type AzureContainer, openContainer } from './azure/container.ts'
import { azureAccess } from './azure/credentials.ts'
import { type AzureBlob, listBlobs } from './azure/listing.ts'
import type { Resolved, SourceContext, SourceFile } from './source.ts'
import { listingOf, objectsNamed } from './stored-objects.ts'

type Azure = NonNullable<SourceContext['source']['azure']>

/**
 * The blobs below a prefix of a container of Azure Blob Storage, or one blob. The listing says which bytes
 * these are: a blob that changes afterwards has another ETag.
 */
export async function azure(source: Azure, context: SourceContext): Promise<Resolved> {
  const { uri, account, endpoint } = source
  const { http, signal } = context
  const [, name = '', key = ''] = /^az:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? []
  const access = await azureAccess(source, context)
  const container = openContainer({ name, account, endpoint, access })
  const { objects, base, isObject } = await objectsNamed(key, prefix =>
    listBlobs(container, prefix, { http, signal }),
  )
  if (objects.length === 0) {
    const message = `container ${quote(name)} has no blob ${quote(key)}, and none below it; correct uri`
    throw new HydrationError('SourceNotFound', message)
  }
  const listed = objects.map(blob => `${blob.key}\0${blob.size}\0${blob.etag}\n`).join('')
  const of = createHash('sha256').update(listed).digest('hex')
  return {
    identity: JSON.stringify({ kind: 'azure', uri, account, endpoint, of }),
    async list() {
      const files = objects.map(blob => fileOf(container, base, blob, context))
      return listingOf(files, isObject, signal)
    },
  }
}

function fileOf(
  container: AzureContainer,
  base: string,
  { key, size, etag, md5 }: AzureBlob,
  { http }: SourceContext,
): SourceFile {
  const quoted = `"${etag}"`
  const download = {
    ...{ http, url: container.blob(key), sign: container.sign, size, via: {} },
    isStored: true,
    match: quoted,
    validator: quoted,
  }
  return {
    path: key.slice(base.length),
    size,
    identity: etag,
    hasRanges: true,
    ...(md5 !== undefined && { checksum: { algorithm: 'md5', value: md5 } }),
    open: (range, stop) => openDownload(download, range, stop),
  }
}
