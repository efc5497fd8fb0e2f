import { HydrationError } from '../failure.ts'
import { openDownload } from '../fetch/download.ts'
import type { Http } from '../fetch/http.ts'
import { authenticatedHttp } from './oci/authenticated.ts'
import { registryCredentials } from './oci/docker-config.ts'
import { layoutOf } from './oci/layout.ts'
import { type Descriptor, findManifest } from './oci/manifest.ts'
import { apiUrl, parseReference } from './oci/reference.ts'
import type { Resolved, SourceContext, SourceFile } from './source.ts'

type Oci = NonNullable<SourceContext['source']['oci']>

/**
 * An artifact of a registry, or the files of a container image, at one digest. If a tag moves meanwhile,
 * nothing changes. Every layer is checked against its digest.
 */
export async function oci(source: Oci, context: SourceContext): Promise<Resolved> {
  const reference = parseReference(source.reference)
  const { repository } = reference
  const credentials = await registryCredentials(source.secretRef?.name, reference, context)
  const http = authenticatedHttp(context.http, { credentials, scope: `repository:${repository}:pull` })
  const base = `${apiUrl(reference, source.plainHTTP)}/${repository}`
  const manifests = { http, url: `${base}/manifests`, signal: context.signal }
  const { digest, manifest, revision } = await findManifest(manifests, reference.wanted, source.platform)
  const { files, archives, isImage } = layoutOf(manifest)
  if (source.path !== undefined && !isImage) {
    const message = `${source.reference} is no container image, and path is for those alone; remove path`
    throw new HydrationError('NotImplemented', message)
  }
  const blob = (path: string, descriptor: Descriptor) => blobFile(http, base, path, descriptor)
  return {
    identity: JSON.stringify({ kind: 'oci', digest, path: source.path }),
    revision,
    async list() {
      const layers = archives.map(({ compression, descriptor }) => ({
        file: blob(`layer ${descriptor.digest}`, descriptor),
        compression,
      }))
      const hasRanges = await givesRanges(
        layers.map(({ file }) => file),
        context.signal,
      )
      return {
        files: files.map(({ path, descriptor }) => blob(path, descriptor)),
        packed: layers.map(layer => ({ ...layer, file: { ...layer.file, hasRanges } })),
        ...(isImage && { image: { path: source.path } }),
      }
    },
  }
}

/** Whether the registry gives parts of blobs: an archive cannot find out while it is read. */
async function givesRanges(files: readonly SourceFile[], signal: AbortSignal): Promise<boolean> {
  const [largest] = files.toSorted((one, other) => (other.size ?? 0) - (one.size ?? 0))
  if (largest === undefined || (largest.size ?? 0) < 2) return true
  const opened = await largest.open({ from: 1, to: 2 }, signal)
  for await (const _ of opened.content) break
  return opened.from === 1
}

/** A layer, or what it is: the registry knows both by the digest of the bytes. */
function blobFile(http: Http, base: string, path: string, { digest, size }: Descriptor): SourceFile {
  const [algorithm = '', value = ''] = digest.split(':')
  // The digest says that ranges fit together.
  const download = { http, url: `${base}/blobs/${digest}`, size, isVerified: true, via: {} }
  return {
    path,
    size,
    identity: digest,
    ...(algorithm === 'sha256' ? { sha256: value } : { checksum: { algorithm: 'sha512', value } }),
    hasRanges: true,
    open: (range, signal) => openDownload(download, range, signal),
  }
}
