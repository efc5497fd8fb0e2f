import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { parseJson } from '../../api/schema/parse.ts'
import { printable } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { LACKING } from './durable.ts'

/** Milliseconds. Other machines see a beat seconds later, so `stale` is several of them. */
export interface OwnerTiming {
  /** How often the owner shows that it lives. */
  beat: number
  /** The owner writes for so long after it last saw that the volume is its own. */
  lease: number
  /** After so long without a beat, the owner is dead. */
  stale: number
}

const MAX_TEXT = 4096
const TIMING: OwnerTiming = { beat: 2_000, lease: 6_000, stale: 20_000 }

export interface OwnOptions {
  timing?: OwnerTiming | undefined
  /** Whether the volume lets an open file be written again. Otherwise each beat replaces the file. */
  writesAnywhere?: boolean
}

/** The only process that may write to a volume. */
export interface Owner {
  /**
   * Resolves if the volume is still our own. Costs nothing most of the time, so it may be called before each
   * write.
   *
   * @throws HydrationError VolumeBusy if another process has taken over.
   */
  confirm(): Promise<void>
  release(): Promise<void>
}

/** What the file says, beside a counter. */
const record = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Where the process number means something. */
  space: z.string(),
})

/**
 * Becomes the owner of a volume. Locks of files do not work on every network file system, so a file with a
 * counter that moves says that somebody writes here. We take over from a process that is dead: one of this
 * machine that does not exist any more, or any whose counter stands still.
 *
 * @throws HydrationError VolumeBusy while another process writes to the volume.
 */
export async function ownVolume(
  folder: string,
  signal: AbortSignal,
  { timing = TIMING, writesAnywhere = true }: OwnOptions = {},
): Promise<Owner> {
  const path = join(folder, 'owner')
  const id = randomUUID()
  const text = JSON.stringify({ id, host: hostname(), pid: process.pid, space: await processSpace() })
  let isTakenOver = false
  for (;;) {
    const handle = await create(path)
    if (handle !== undefined) {
      const beatTo = writesAnywhere ? throughHandle(handle) : await byReplacing(path, handle, id)
      const owner = await keep(path, { beatTo, id, text }, timing)
      try {
        // Two may take over at once. The second one's file is there a moment later.
        if (isTakenOver) await sleep(timing.beat, undefined, { signal })
        await owner.look()
        return owner
      } catch (error) {
        await owner.release()
        throw error
      }
    }
    const dead = await waitUntilDead(path, signal, timing)
    if (dead !== undefined) await remove(path, dead, id)
    isTakenOver = true
  }
}

async function create(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx', 0o644)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

/** Writes beats, and ends. */
interface BeatWriter {
  write(text: string): Promise<void>
  close(): Promise<void>
}

/** Through the open file. If it is no longer the owner's, the beats change nothing. */
function throughHandle(handle: FileHandle): BeatWriter {
  return {
    async write(text) {
      await handle.write(text, 0)
      await handle.sync()
    },
    close: () => handle.close(),
  }
}

/** By a new file of the same name, as long as the present one is our own. */
async function byReplacing(path: string, handle: FileHandle, id: string): Promise<BeatWriter> {
  await handle.close()
  let isFirst = true
  return {
    async write(text) {
      if (!isFirst && ownerIn(await read(path))?.id !== id) return
      isFirst = false
      await writeFile(path, text, { flush: true })
    },
    close: async () => {},
  }
}

interface Own {
  beatTo: BeatWriter
  id: string
  text: string
}

async function keep(path: string, { beatTo, id, text }: Own, timing: OwnerTiming) {
  const stop = new AbortController()
  let beats = 0
  let seenAt = Date.now()
  let loss: HydrationError | undefined

  const beat = async () => {
    await beatTo.write(`${text}\n${String(++beats).padStart(12)}\n`)
  }
  const look = async () => {
    const at = Date.now()
    const found = await read(path)
    if (ownerIn(found)?.id !== id) loss ??= busy(found)
    if (loss !== undefined) throw loss
    seenAt = at
  }
  const goOn = async () => {
    while (loss === undefined) {
      await sleep(timing.beat, undefined, { signal: stop.signal, ref: false })
      // An error of the volume comes up at the next write, too.
      await beat()
        .then(look)
        .catch(() => {})
    }
  }
  try {
    await beat()
  } catch (error) {
    await beatTo.close()
    await rm(path, { force: true })
    throw error
  }
  const beating = goOn().catch(() => {})
  return {
    look,
    async confirm() {
      if (loss !== undefined) throw loss
      // The clock may be set back.
      if (Math.abs(Date.now() - seenAt) > timing.lease) await look()
    },
    async release() {
      stop.abort()
      await beating
      // Behind FUSE, a file that is open gets another name when it is removed.
      await beatTo.close()
      if (ownerIn(await read(path))?.id === id) await rm(path, { force: true })
    },
  }
}

/** Resolves with the text of a dead owner; undefined if the file is gone. */
async function waitUntilDead(
  path: string,
  signal: AbortSignal,
  { beat, stale }: OwnerTiming,
): Promise<string | undefined> {
  const first = await read(path)
  if (first === undefined || (await isGone(ownerIn(first)))) return first
  for (let waited = 0; waited < stale; waited += beat / 2) {
    await sleep(beat / 2, undefined, { signal })
    const now = await read(path)
    if (now === undefined) return undefined
    if (now !== first) throw busy(now)
  }
  return first
}

/** Removes the file of a dead owner. Renames it first, because somebody else may have removed it just now. */
async function remove(path: string, dead: string, id: string): Promise<void> {
  const aside = `${path}-${id}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    if (!LACKING.includes(String(codeOf(error)))) throw error
    // Where nothing is renamed, whoever writes to the file afterwards is gone from it as well.
    await rm(path, { force: true })
    return
  }
  const removed = await read(aside)
  await rm(aside, { force: true })
  // We took the file of a live one. It notices that, and ends as well.
  if (removed !== dead) throw busy(removed)
}

/** The text of the file, or its start if it is not one of ours; undefined if it is gone. */
async function read(path: string): Promise<string | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(MAX_TEXT), position: 0 })
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  } finally {
    await handle?.close()
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function ownerIn(text: string | undefined) {
  return record.safeParse(parseJson(text?.split('\n')[0] ?? '')).data
}

/** Whether the process was of this machine, and does not exist any more. */
async function isGone(owner: z.infer<typeof record> | undefined): Promise<boolean> {
  if (owner === undefined || owner.space !== (await processSpace())) return false
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}

/** Names the machine since its start, and the container: process numbers are unique within it. */
async function processSpace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const container = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${hostname()} ${boot.trim()} ${container}`
}

function busy(text: string | undefined): HydrationError {
  const owner = ownerIn(text)
  const who = owner === undefined ? '' : ` (process ${owner.pid} on ${printable(owner.host.slice(0, 253))})`
  return new HydrationError(
    'VolumeBusy',
    `another process writes to this volume${who}; wait until it has ended`,
  )
}
