import type { MeasureReport } from '../api/hydration-report.ts'
import { archiveAtSource } from './archive/archive-file.ts'
import { archiveIn, type KnownFormat, unpackedBytes } from './archive/format.ts'
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
  const bytes = await bytesOf(listing, await archiveIn(listing), context.signal)
  if (bytes > MAX_BYTES) throw unknown(`the source says that it has ${bytes} bytes, which nobody believes`)
  return {
    bytes,
    files: listing.files.length,
    ...(revision !== undefined && { revision }),
  }
}

async function bytesOf(
  { files, packed = [] }: Listing,
  format: KnownFormat | undefined,
  signal: AbortSignal,
): Promise<number> {
  if (packed.some(({ compression }) => compression !== undefined)) throw compressed()
  const sizes = [...files, ...packed.map(({ file }) => file)].map(({ size }) => size)
  const known = sizes.filter(size => size !== undefined)
  if (known.length < sizes.length) throw unknown('the server does not say how large the file is')
  const [only] = files
  if (format === undefined || only === undefined) return known.reduce((sum, size) => sum + size, 0)
  const bytes = await unpackedBytes(archiveAtSource(only, { connections: 1, signal }), format)
  if (bytes === undefined) throw compressed()
  return bytes
}

function compressed(): HydrationError {
  return unknown('nobody knows how large a compressed archive is before it is unpacked')
}

function unknown(why: string): HydrationError {
  return new HydrationError('SizeUnknown', `${why}; set spec.storage.pvc.sizeGiB`)
}
