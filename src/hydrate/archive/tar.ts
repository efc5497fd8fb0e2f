import type { ByteReader, Kept } from './byte-reader.ts'
import type { ArchiveEntry } from './entry.ts'
import { fromOffset } from './from-offset.ts'
import { expand, type PaxRecords, readSparseMap, type SparseMap } from './sparse.ts'
import { BLOCK, isZero, readHeader, type TarHeader } from './tar-header.ts'

/** Bytes of an extended header, which has names and a few numbers. */
const MAX_EXTENDED = 1024 * 1024

/**
 * The entries of a tar archive of any common format: v7, ustar, pax and GNU, with long names and with files
 * that have holes. Like tar, it ends at the first block of zeros, and ignores what follows.
 *
 * @throws Error if the archive is not one, or is cut off anywhere, also between two entries.
 */
export async function* readTar(reader: ByteReader): AsyncGenerator<ArchiveEntry> {
  const forAll = new Map<string, string>()
  for (;;) {
    const found = await nextHeader(reader, forAll)
    if (found === undefined) break
    const { header, pax, name, linkname } = found
    const map = await readSparseMap(header, pax, reader)
    const stored = map?.stored ?? header.size
    if (stored < 0) throw new Error('a file with holes has a wrong map')
    const end = reader.position + stored
    yield {
      name,
      type: typeOf(header),
      linkname,
      ...(map === undefined ? plainContent(header.size, reader) : sparseContent(map, reader)),
    }
    await reader.skip(end - reader.position + paddingOf(stored))
  }
  // A checksum of the compression may follow.
  await reader.drain()
}

type Content = Pick<ArchiveEntry, 'size' | 'open' | 'leave'>

function plainContent(size: number, reader: ByteReader): Content {
  async function* open(from = 0, kept?: Kept) {
    await reader.skip(from, kept)
    yield* reader.stream(size - from)
  }
  return { size, open, leave: kept => reader.skip(size, kept) }
}

/** What is kept of a file with holes is not what the archive has. */
function sparseContent(map: SparseMap & { stored: number }, reader: ByteReader): Content {
  const open = (from = 0) => fromOffset(expand(map, reader), from)
  return { size: map.size, open, leave: async () => {} }
}

/** A header with what extended headers before it say. */
interface WholeHeader {
  header: TarHeader
  pax: PaxRecords
  name: string
  linkname: string
}

/** The next header of an entry; undefined at the end marker. */
async function nextHeader(reader: ByteReader, forAll: Map<string, string>): Promise<WholeHeader | undefined> {
  let pax: PaxRecords = []
  const long: { name?: string; linkname?: string } = {}
  for (;;) {
    const block = await reader.take(BLOCK)
    if (block === undefined) throw new Error('it is cut off: its end marker is missing')
    if (isZero(block)) return undefined
    const header = readHeader(block)
    switch (header.type) {
      case 'g':
        for (const [key, value] of recordsOf(await extended(header, reader))) forAll.set(key, value)
        break
      case 'x':
      case 'X':
        pax = recordsOf(await extended(header, reader))
        break
      case 'L':
        long.name = textOf(await extended(header, reader))
        break
      case 'K':
        long.linkname = textOf(await extended(header, reader))
        break
      default:
        return withExtended(header, pax, forAll, long)
    }
  }
}

function withExtended(
  header: TarHeader,
  pax: PaxRecords,
  forAll: ReadonlyMap<string, string>,
  long: { name?: string; linkname?: string },
): WholeHeader {
  const value = (key: string) => pax.findLast(([name]) => name === key)?.[1] ?? forAll.get(key)
  const size = Number(value('size') ?? header.size)
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('an entry has a size that is none')
  return {
    header: { ...header, size },
    pax,
    name: value('GNU.sparse.name') ?? value('path') ?? long.name ?? header.name,
    linkname: value('linkpath') ?? long.linkname ?? header.linkname,
  }
}

async function extended({ size }: TarHeader, reader: ByteReader): Promise<Buffer> {
  if (size > MAX_EXTENDED) throw new Error('a header is too large')
  const content = size === 0 ? Buffer.alloc(0) : await reader.take(size)
  if (content === undefined) throw new Error('it is cut off')
  await reader.skip(paddingOf(size))
  return content
}

/** Data fills whole blocks. */
function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** The label of a volume is no file, as a folder is none. */
const WITHOUT_CONTENT = '5DV'
const FILES = '07S'

function typeOf({ type, name }: TarHeader): ArchiveEntry['type'] {
  // Before ustar, a slash at the end made a folder.
  if (WITHOUT_CONTENT.includes(type) || (type === '0' && name.endsWith('/'))) return 'folder'
  if (FILES.includes(type)) return 'file'
  if (type === '1') return 'link'
  if (type === '2') return 'symlink'
  if ('346'.includes(type)) return 'device'
  throw new Error(`an entry has the unknown type ${JSON.stringify(type)}`)
}

function textOf(content: Buffer): string {
  const end = content.indexOf(0)
  return content.toString('utf8', 0, end === -1 ? content.length : end)
}

/** Records of a pax header: `LENGTH KEY=VALUE`, a line each; the length counts the whole line. */
function recordsOf(content: Buffer): [string, string][] {
  const records: [string, string][] = []
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const digits = content.toString('latin1', at, space)
    const end = at + Number(digits)
    const equals = content.indexOf(0x3d, space)
    if (!/^\d{1,9}$/.test(digits) || end > content.length || equals === -1 || equals >= end)
      throw new Error('an extended header is malformed')
    records.push([content.toString('utf8', space + 1, equals), content.toString('utf8', equals + 1, end - 1)])
    at = end
  }
  return records
}
