import { constants } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Checksum } from '../checksum.ts'
import { alignedMemory } from './aligned-memory.ts'
import type { Blocks, Filled } from './blocks.ts'
import type { FileHashes } from './checksums.ts'
import { DIRECT, PAGE_BYTES } from './direct.ts'

/** What a thread is told. A file is read as far as it is written. */
export type ToHasher =
  | ({ do: 'start'; id: number; path: string; flags: number } & Wanted)
  | { do: 'advance'; id: number; to: number }
  | { do: 'take'; id: number; taking: number; offset: number; bytes: number }
  | { do: 'stop'; id: number }

/** What a thread answers. */
export type FromHasher =
  | ({ id: number } & FileHashes)
  | { id: number; error: string; errno: number | undefined }
  | { taken: number }

/** What a thread gets when it starts: the memory of all blocks, and some of its own. */
export interface HasherMemory {
  blocks: SharedArrayBuffer
  own: SharedArrayBuffer
  /** A file is read in pieces of this size, which begin at a page. */
  readBytes: number
  pageBytes: number
}

/** What to compute, beside SHA-256. */
export interface Wanted {
  size: number
  gitBlob: boolean
  checksum?: Checksum | undefined
}

/** The hash of a file that is being written. */
export interface RunningHash {
  /** All bytes before `to` are written. */
  advance(to: number): void
  /**
   * Hashes the bytes of a block if they come next. Otherwise they are read from the file later. Resolves when
   * the block is free.
   */
  take(filled: Pick<Filled, 'at' | 'offset' | 'bytes'>): Promise<void>
  /** Resolves once the whole file is hashed. */
  readonly done: Promise<FileHashes>
  /** Ends it early. */
  stop(): void
}

/**
 * Hashes large files on a thread of its own: from memory what comes in order, and the rest from the file. One
 * thread hashes faster than most links are, and another one would take 15 MiB of memory.
 */
export interface Hasher {
  /** `isDirect` says that the file is written past the page cache, so it is read that way, too. */
  start(path: string, file: Wanted & { isDirect?: boolean }): RunningHash
  close(): Promise<void>
}

const READ_BYTES = 512 * 1024
const READS_AHEAD = 4
/** MiB. A thread holds a few numbers. */
const SMALL = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }

/** Starts the thread with the first file. */
export function createHasher({ memory }: Pick<Blocks, 'memory'>): Hasher {
  let worker: Worker | undefined
  const waiting = new Map<number, { resolve: (hashes: FileHashes) => void; reject: (error: Error) => void }>()
  const taken = new Map<number, () => void>()
  let hasFailed = false
  let count = 0

  const settle = (message: FromHasher) => {
    if ('taken' in message) {
      taken.get(message.taken)?.()
      taken.delete(message.taken)
      return
    }
    const found = waiting.get(message.id)
    waiting.delete(message.id)
    if ('sha256' in message) found?.resolve(message)
    else found?.reject(Object.assign(new Error(message.error), { errno: message.errno }))
  }
  const fail = (error: Error) => {
    hasFailed = true
    for (const { reject } of waiting.values()) reject(error)
    for (const resolve of taken.values()) resolve()
  }
  const thread = (): Worker => {
    if (worker !== undefined) return worker
    const own = alignedMemory(READ_BYTES * READS_AHEAD)
    const workerData: HasherMemory = { blocks: memory, own, readBytes: READ_BYTES, pageBytes: PAGE_BYTES }
    worker = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData, resourceLimits: SMALL })
    worker.on('message', settle)
    worker.on('error', fail)
    return worker
  }
  return {
    start(path, { size, gitBlob, checksum, isDirect }) {
      const id = count++
      let told = 0
      const tell = (message: ToHasher) => thread().postMessage(message)
      const done = new Promise<FileHashes>((resolve, reject) => waiting.set(id, { resolve, reject }))
      // Whoever gives up does not ask for it.
      done.catch(() => {})
      const flags = isDirect ? DIRECT.read : constants.O_RDONLY
      tell({ do: 'start', id, path, flags, size, gitBlob, checksum })
      return {
        done,
        advance(to) {
          if (to <= told) return
          told = to
          tell({ do: 'advance', id, to })
        },
        async take({ at, offset, bytes }) {
          if (at !== told || hasFailed) return
          told = at + bytes.length
          const taking = count++
          const free = new Promise<void>(resolve => taken.set(taking, resolve))
          tell({ do: 'take', id, taking, offset, bytes: bytes.length })
          await free
        },
        stop() {
          waiting.delete(id)
          tell({ do: 'stop', id })
        },
      }
    },
    async close() {
      await worker?.terminate()
    },
  }
}
