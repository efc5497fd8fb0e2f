import type { Kept } from './byte-reader.ts'

/** More files than any model has. Each costs a line of the manifest. */
export const MAX_ENTRIES = 100_000

/** An entry of an archive of any format. Readers take its content before the next one, or not at all. */
export interface ArchiveEntry {
  name: string
  /** `link` is a hard link: to a file that came before, by its name in the archive. */
  type: 'file' | 'folder' | 'symlink' | 'link' | 'device'
  linkname: string
  /** Bytes of the file, holes included. */
  size: number
  /** The content from an offset on. `kept` has what comes before that. */
  open(from?: number, kept?: Kept): AsyncIterable<Uint8Array>
  /** Skips the content, because `kept` has it. */
  leave(kept: Kept): Promise<void>
}
