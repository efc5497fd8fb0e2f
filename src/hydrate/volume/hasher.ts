import { Worker } from 'node:worker_threads'
import type { Checksum } from '../checksum.ts'
import type { FileHashes } from './checksums.ts'

/** What a thread is told. A file is read as far as it is written. */
export type ToHasher =
  | ({ do: 'start'; id: number; path: string } & Wanted)
  | { do: 'advance'; id: number; to: number }
  | { do: 'stop'; id: number }

/** What a thread answers. */
export type FromHasher =
  | ({ id: number } & FileHashes)
  | { id: number; error: string; errno: number | undefined }

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
  /** Resolves once the whole file is hashed. */
  readonly done: Promise<FileHashes>
  /** Ends it early. */
  stop(): void
}

/**
 * Hashes large files on a thread of its own, from what was written, which is in memory most of the time. One
 * thread hashes faster than most links are, and another one would take 15 MiB of memory.
 */
export interface Hasher {
  start(path: string, file: Wanted): RunningHash
  close(): Promise<void>
}

/** MiB. A thread holds one buffer and a few numbers. */
const SMALL = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }

/** Starts the thread with the first file. */
export function createHasher(): Hasher {
  let worker: Worker | undefined
  const waiting = new Map<number, { resolve: (hashes: FileHashes) => void; reject: (error: Error) => void }>()
  let count = 0

  const settle = (message: FromHasher) => {
    const found = waiting.get(message.id)
    waiting.delete(message.id)
    if ('sha256' in message) found?.resolve(message)
    else found?.reject(Object.assign(new Error(message.error), { errno: message.errno }))
  }
  const thread = (): Worker => {
    if (worker !== undefined) return worker
    worker = new Worker(new URL('./hash-worker.js', import.meta.url), { resourceLimits: SMALL })
    worker.on('message', settle)
    worker.on('error', error => {
      for (const { reject } of waiting.values()) reject(error)
    })
    return worker
  }
  return {
    start(path, { size, gitBlob, checksum }) {
      const id = count++
      const tell = (message: ToHasher) => thread().postMessage(message)
      const done = new Promise<FileHashes>((resolve, reject) => waiting.set(id, { resolve, reject }))
      // Whoever gives up does not ask for it.
      done.catch(() => {})
      tell({ do: 'start', id, path, size, gitBlob, checksum })
      return {
        done,
        advance: to => tell({ do: 'advance', id, to }),
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
