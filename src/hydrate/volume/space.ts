import { lstat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { sizeText } from '../../api/size-text.ts'
import { HydrationError } from '../failure.ts'
import { entriesBelow } from './compare.ts'
import type { Volume } from './volume.ts'

/** Bytes that a volume has left; undefined if it does not know. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  const found = await statfs(folder).catch(() => undefined)
  return found === undefined || found.blocks === 0 ? undefined : found.bavail * found.bsize
}

/** Bytes of a block, as stat counts them on every system. */
const BLOCK = 512

/** Bytes that all files below a folder take, without their holes. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0
  for await (const { path, isFile } of entriesBelow(folder))
    if (isFile) {
      const { size, blocks } = await lstat(join(folder, path))
      bytes += Math.min(size, blocks * BLOCK)
    }
  return bytes
}

/** What a snapshot needs, and what there is. */
export interface Room {
  /** Bytes of the whole snapshot. */
  needed: number
  /** How many of them are on the volume already. */
  there: number
  free: number | undefined
  /** The most that may be written, which is the size of the claim. */
  maxBytes: number | undefined
}

/** Throws NoSpace if what a snapshot needs is more than the volume has, or its claim. */
export async function checkRoomFor(
  needed: number | undefined,
  { layout }: Pick<Volume, 'layout'>,
  work: { bytes(): Promise<number> },
  maxBytes: number | undefined,
): Promise<void> {
  if (needed === undefined) return
  checkRoom({ needed, there: await work.bytes(), free: await freeBytes(layout.volume), maxBytes })
}

/** Throws NoSpace before the first byte, rather than after a terabyte. */
export function checkRoom({ needed, there, free, maxBytes }: Room): void {
  if (maxBytes !== undefined && needed > maxBytes) throw tooLarge(maxBytes, `needs ${sizeText(needed)}`)
  if (free === undefined || needed - there <= free) return
  const message = `the snapshot needs ${sizeText(needed - there)} more, and the volume has ${sizeText(free)} free; ${FIX}`
  throw new HydrationError('NoSpace', message)
}

/** Throws NoSpace if a source that does not say how much it has has more than the claim. */
export function checkWritten(bytes: number, maxBytes: number | undefined): void {
  if (maxBytes !== undefined && bytes > maxBytes) throw tooLarge(maxBytes, 'is larger')
}

function tooLarge(maxBytes: number, what: string): HydrationError {
  const message = `the snapshot ${what}, and its claim has ${sizeText(maxBytes)}; ${FIX}`
  return new HydrationError('NoSpace', message)
}

const FIX = 'raise spec.storage.pvc.sizeGiB'
