import { printable } from '../api/schema/text.ts'
import { sizeText } from '../api/size-text.ts'
import { archiveIn } from './archive/format.ts'
import { resolve } from './sources/resolve.ts'
import { LEFT_OUT, type Listing, type SourceContext } from './sources/source.ts'

/** What a hydration would fetch. */
export interface DryRunReport {
  files: number
  /** Undefined if the source does not tell. */
  bytes?: number
  revision?: string
  leftOut: number
}

/**
 * Asks a source what it has, and fetches nothing: a line for each file that a hydration would fetch, and for
 * each that it would leave out, with the reason.
 */
export async function dryRun(context: SourceContext, print: (line: string) => void): Promise<DryRunReport> {
  const { revision, list } = await resolve(context)
  const listing = await list()
  const { files, packed = [], leftOut = [] } = listing
  const unpacked = await archiveLine(listing)
  if (unpacked === undefined) for (const { path, size } of files) print(lineOf('fetch', size, path))
  for (const { file } of packed) print(lineOf('unpack', file.size, file.path))
  if (unpacked !== undefined) print(unpacked)
  for (const { path, why } of leftOut) print(`leave out  ${printable(path)}: ${LEFT_OUT[why]}`)
  const sizes = [...files, ...packed.map(({ file }) => file)].map(({ size }) => size)
  const known = sizes.filter(size => size !== undefined)
  return {
    files: sizes.length,
    ...(known.length === sizes.length && { bytes: known.reduce((sum, size) => sum + size, 0) }),
    ...(revision !== undefined && { revision }),
    leftOut: leftOut.length,
  }
}

function lineOf(what: string, size: number | undefined, path: string): string {
  return `${what.padEnd(9)}  ${printable(path)}  ${size === undefined ? '?' : sizeText(size)}`
}

async function archiveLine(listing: Listing): Promise<string | undefined> {
  const format = await archiveIn(listing)
  const [only] = listing.files
  if (format === undefined || only === undefined) return undefined
  const compression = format.kind === 'tar' && format.compression ? `, ${format.compression}` : ''
  return `unpack     ${printable(only.path)}: its files become the snapshot (${format.kind}${compression})`
}
