import type { ByteReader } from './byte-reader.ts'
import { BLOCK, numberAt, type TarHeader } from './tar-header.ts'

/** A file with holes: its parts that are in the archive, in order, and its whole size. */
export interface SparseMap {
  /** The offset of each part, and its bytes. */
  parts: readonly (readonly [offset: number, bytes: number])[]
  size: number
}

/** Records of a pax header, in order: a key may come more than once. */
export type PaxRecords = readonly (readonly [key: string, value: string])[]

/** More parts than any file has that somebody stores with holes. */
const MAX_PARTS = 1_000_000
const ZEROS = new Uint8Array(256 * 1024)

/**
 * The map of a file with holes, from wherever its format has it; undefined for a file without. Reads what of
 * the map is in the data (pax format 1.0) or in blocks after the header (old GNU). `stored` are the bytes
 * that follow it. Described in the manual of GNU tar, "Storing Sparse Files".
 */
export async function readSparseMap(
  header: TarHeader,
  pax: PaxRecords,
  reader: ByteReader,
): Promise<(SparseMap & { stored: number }) | undefined> {
  if (header.type === 'S') return { ...(await oldGnuMap(header, reader)), stored: header.size }
  const value = (key: string) => pax.findLast(([name]) => name === `GNU.sparse.${key}`)?.[1]
  if (value('major') === '1' && value('minor') === '0') {
    const size = decimal(value('realsize'))
    const { parts, length } = await mapInData(reader)
    return { parts, size, stored: header.size - length }
  }
  const size = value('size')
  if (size === undefined) {
    if (pax.some(([name]) => name.startsWith('GNU.sparse.'))) throw unknownFormat()
    return undefined
  }
  const map = value('map')
  const numbers =
    map === undefined
      ? pax.filter(([name]) => /^GNU\.sparse\.(offset|numbytes)$/.test(name)).map(([, text]) => decimal(text))
      : map.split(',').filter(Boolean).map(decimal)
  return { parts: pairs(numbers), size: decimal(size), stored: header.size }
}

/**
 * The whole file: its parts from the archive, and zeros in between.
 *
 * @throws Error if the map does not fit the data.
 */
export async function* expand(map: SparseMap & { stored: number }, reader: ByteReader) {
  const { parts, size, stored } = map
  if (parts.reduce((sum, [, bytes]) => sum + bytes, 0) !== stored) throw wrongMap()
  let at = 0
  for (const [offset, bytes] of parts) {
    if (offset < at || offset + bytes > size) throw wrongMap()
    yield* zeros(offset - at)
    yield* reader.stream(bytes)
    at = offset + bytes
  }
  yield* zeros(size - at)
}

function* zeros(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length))
}

/** Pax format 1.0: decimal numbers, a line each, before the data: how many parts, then each of them. */
async function mapInData(reader: ByteReader): Promise<{ parts: SparseMap['parts']; length: number }> {
  const start = reader.position
  const numbers: number[] = []
  let wanted = 1
  let line = ''
  while (numbers.length < wanted) {
    const block = await reader.take(BLOCK)
    if (block === undefined) throw new Error('it is cut off')
    const lines = (line + block.toString('latin1')).split('\n')
    line = lines.pop() ?? ''
    for (const text of lines) {
      // The rest of the last block is padding.
      if (numbers.length < wanted) numbers.push(decimal(text))
      wanted = 1 + 2 * (numbers[0] ?? 0)
    }
    if (line.length > BLOCK || wanted > 1 + 2 * MAX_PARTS) throw wrongMap()
  }
  return { parts: pairs(numbers.slice(1)), length: reader.position - start }
}

/** Old GNU: four parts in the header, then 21 in each block that follows. */
async function oldGnuMap({ block }: TarHeader, reader: ByteReader): Promise<SparseMap> {
  const size = numberAt(block, 483, 12)
  const parts = partsIn(block, 386, 4)
  for (let more = block[482] !== 0; more; ) {
    const next = await reader.take(BLOCK)
    if (next === undefined) throw new Error('it is cut off')
    parts.push(...partsIn(next, 0, 21))
    if (parts.length > MAX_PARTS) throw wrongMap()
    more = next[504] !== 0
  }
  return { parts, size }
}

function partsIn(block: Buffer, at: number, count: number): [number, number][] {
  return Array.from({ length: count }, (_, index) => at + 24 * index)
    .filter(place => block[place] !== 0)
    .map(place => [numberAt(block, place, 12), numberAt(block, place + 12, 12)])
}

function pairs(numbers: readonly number[]): [number, number][] {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * MAX_PARTS) throw wrongMap()
  return Array.from({ length: numbers.length / 2 }, (_, index) => [
    numbers[2 * index] ?? 0,
    numbers[2 * index + 1] ?? 0,
  ])
}

function decimal(text: string | undefined): number {
  const value = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw wrongMap()
  return value
}

function wrongMap(): Error {
  return new Error('a file with holes has a wrong map')
}

function unknownFormat(): Error {
  return new Error('a file with holes has an unknown format; create the archive without --sparse')
}
