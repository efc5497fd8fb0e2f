import { HydrationError } from '../failure.ts'
import type { Opened, RemoteFile, WantedRange } from './opened.ts'

/** Bytes of a part. All parts that are being fetched are in memory. */
const PART_BYTES = 3 * 1024 * 1024
/** More of these parts would take more memory than a hydration has. */
const MAX_PARTS = 16

export interface ReadAhead {
  from: number
  /** How many parts to fetch at a time. */
  connections: number
  /** Use no connection that is open already. */
  fresh?: boolean | undefined
  signal: AbortSignal
}

/**
 * Reads a file in order, and fetches its next parts side by side meanwhile, because one connection is slower
 * than the link. A file without ranges comes over one connection. Whoever stops reading ends the requests.
 *
 * @throws HydrationError SourceChanged, and whatever the source throws.
 */
export async function* readAhead(
  file: RemoteFile,
  { from, connections, fresh, signal }: ReadAhead,
): AsyncGenerator<Uint8Array> {
  const { size } = file
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  try {
    if (size === undefined || !file.hasRanges) {
      yield* (await openAt(file, { from, fresh }, either)).content
      return
    }
    const coming: Promise<Uint8Array[]>[] = []
    let next = from
    const fetchMore = () => {
      for (; next < size && coming.length < Math.min(connections, MAX_PARTS); next += PART_BYTES) {
        const part = wholePart(file, { from: next, to: Math.min(next + PART_BYTES, size), fresh }, either)
        // Whoever waits for an earlier part learns of it later.
        part.catch(() => {})
        coming.push(part)
      }
    }
    for (fetchMore(); coming.length > 0; fetchMore()) yield* (await coming.shift()) ?? []
  } finally {
    stop.abort()
  }
}

async function wholePart(
  file: RemoteFile,
  wanted: WantedRange & { to: number },
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { content } = await openAt(file, wanted, signal)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of content) {
    chunks.push(chunk)
    bytes += chunk.length
  }
  if (bytes !== wanted.to - wanted.from) throw changed(file.path)
  return chunks
}

/** Opens a file at exactly that place. */
export async function openAt(file: RemoteFile, wanted: WantedRange, signal: AbortSignal): Promise<Opened> {
  const opened = await file.open(wanted, signal)
  if (opened.from !== wanted.from) throw changed(file.path)
  return opened
}

function changed(path: string): HydrationError {
  return new HydrationError('SourceChanged', 'the archive changed while it was fetched', { file: path })
}
