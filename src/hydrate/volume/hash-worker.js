// JavaScript, because a thread that has to strip types takes 25 MiB more.
import { createHash } from 'node:crypto'
import { closeSync, read as readWithCallback, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { startChecksum } from './running-checksum.js'

// Hashes files that another thread writes: from its memory, or from the file as far as it is written.

/**
 * @typedef {object} Job
 * @property {string} path
 * @property {number} flags
 * @property {number | undefined} fd
 * @property {number} at
 * @property {number} size
 * @property {import('node:crypto').Hash} sha256
 * @property {import('node:crypto').Hash | undefined} gitBlob
 * @property {import('./running-checksum.js').Running | undefined} checksum
 */

/** @type {import('./hasher.ts').HasherMemory} */
const memory = workerData
const readInto = promisify(readWithCallback)
/** One is hashed while the disk fills the others. */
const buffers = Array.from({ length: memory.own.byteLength / memory.readBytes }, (_, index) =>
  Buffer.from(memory.own, index * memory.readBytes, memory.readBytes),
)
/** @type {Map<number, Job>} */
const jobs = new Map()

/** Messages are handled in their order, though some checksums take a moment to load. */
let last = Promise.resolve()

parentPort?.on('message', (/** @type {import('./hasher.ts').ToHasher} */ message) => {
  last = last.then(() => handle(message)).catch(error => {
    const text = error instanceof Error ? error.message : String(error)
    const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : undefined
    answer({ id: message.id, error: text, errno })
  })
})

/** @param {import('./hasher.ts').ToHasher} message */
async function handle(message) {
  const { id } = message
  if (message.do === 'start') {
    const { path, flags, size } = message
    const gitBlob = message.gitBlob ? createHash('sha1').update(`blob ${size}\0`) : undefined
    const checksum = message.checksum && (await startChecksum(message.checksum))
    const sha256 = createHash('sha256')
    jobs.set(id, { path, flags, fd: undefined, at: 0, size, sha256, gitBlob, checksum })
    return
  }
  const job = jobs.get(id)
  if (message.do === 'stop') end(id, job)
  if (message.do === 'advance' && job !== undefined) await read(job, message.to)
  if (message.do === 'take') take(job, message)
  if (message.do === 'stop' || job === undefined || job.at < job.size) return
  end(id, job)
  answer({
    id,
    sha256: job.sha256.digest('hex'),
    gitBlob: job.gitBlob?.digest('hex'),
    checksum: job.checksum?.digest().toString('hex'),
  })
}

/**
 * @param {number} id
 * @param {Job | undefined} job
 */
function end(id, job) {
  jobs.delete(id)
  if (job?.fd !== undefined) closeSync(job.fd)
}

/**
 * @param {Job | undefined} job
 * @param {{ taking: number, offset: number, bytes: number }} message
 */
function take(job, { taking, offset, bytes }) {
  try {
    if (job !== undefined) update(job, Buffer.from(memory.blocks, offset, bytes))
  } finally {
    answer({ taken: taking })
  }
}

/**
 * Reads a file from where its hash is, ahead of the hash. Direct I/O reads whole pages.
 *
 * @param {Job} job
 * @param {number} to
 */
async function read(job, to) {
  const { readBytes, pageBytes } = memory
  // Some volumes cannot read a file that is being written, and need not if all of it comes in order.
  const fd = job.fd ?? openSync(job.path, job.flags)
  job.fd = fd
  const first = job.at - (job.at % pageBytes)
  /** @type {Promise<{ bytesRead: number, buffer: Buffer }>[]} */
  const coming = []
  /** @param {number} at */
  const ask = at => {
    const buffer = buffers[((at - first) / readBytes) % buffers.length]
    if (at >= to || buffer === undefined) return
    const pages = Math.ceil(Math.min(readBytes, to - at) / pageBytes)
    const bytes = readInto(fd, buffer, 0, pages * pageBytes, at)
    // Whoever waits for an earlier one learns of it later.
    bytes.catch(() => {})
    coming.push(bytes)
  }
  try {
    for (let ahead = 0; ahead < buffers.length; ahead++) ask(first + ahead * readBytes)
    for (let at = first; job.at < to; at += readBytes) {
      const { bytesRead = 0, buffer } = (await coming.shift()) ?? {}
      const end = Math.min(bytesRead, to - at)
      if (buffer === undefined || at + end <= job.at)
        throw new Error(`the file ends at ${job.at} bytes, and ${to} were written`)
      update(job, buffer.subarray(job.at - at, end))
      // A file system may return less than there is.
      if (job.at < Math.min(to, at + readBytes)) break
      ask(at + buffers.length * readBytes)
    }
  } finally {
    await Promise.allSettled(coming)
  }
  if (job.at < to) await read(job, to)
}

/**
 * @param {Job} job
 * @param {Buffer} bytes
 */
function update(job, bytes) {
  job.sha256.update(bytes)
  job.gitBlob?.update(bytes)
  job.checksum?.update(bytes)
  job.at += bytes.length
}

/** @param {import('./hasher.ts').FromHasher} message */
function answer(message) {
  parentPort?.postMessage(message)
}
