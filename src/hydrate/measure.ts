import type { MeasureReport } from '../api/hydration-report.ts'
import { archiveIn, isPlainTar, type KnownFormat } from './archive/format.ts'
import { HydrationError } from './failure.ts'
import { resolve } from './sources/resolve.ts'
import type { Listing, SourceContext } from './sources/source.ts'

/** A pebibyte. Larger than any model. */
const MAX_BYTES = 2 ** 50

/**
 * Reports how much a volume must hold for a source, and writes nothing.
 *
 * @throws HydrationError, such as SizeUnknown.
 */
export async function measure(context: SourceContext): Promise<MeasureReport> {
  const { revision, list } = await resolve(context)
  const listing = await list()
  const bytes = bytesOf(listing, await archiveIn(listing))
  if (bytes > MAX_BYTES) throw unknown(`the source says that it has ${bytes} bytes, which nobody believes`)
  return {
    bytes,
    files: listing.files.length,
    ...(revision !== undefined && { revision }),
  }
}

function bytesOf({ files }: Listing, archive: KnownFormat | undefined): number {
  const sizes = files.map(({ size }) => size)
  const known = sizes.filter(size => size !== undefined)
  const bytes = known.reduce((sum, size) => sum + size, 0)
  if (known.length < sizes.length) throw unknown('the server does not say how large the file is')
  if (archive === undefined) return bytes
  // The archive stays on the volume while it is unpacked.
  if (isPlainTar(archive)) return 2 * bytes
  throw unknown('nobody knows how large a compressed archive is before it is unpacked')
}

function unknown(why: string): HydrationError {
  return new HydrationError('SizeUnknown', `${why}; set spec.storage.pvc.sizeGiB`)
}
