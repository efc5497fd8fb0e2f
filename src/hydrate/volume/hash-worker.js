// JavaScript, because a thread that has to strip types takes 25 MiB more.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { startChecksum } from './running-checksum.js'

// Reads files that other threads write, as far as they are written, and hashes them.

/**
 * @typedef {object} Job
 * @property {number} fd
 * @property {number} at
 * @property {number} size
 * @property {import('node:crypto').Hash} sha256
 * @property {import('node:crypto').Hash | undefined} gitBlob
 * @property {import('./running-checksum.js').Running | undefined} checksum
 */

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
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
    const { path, size } = message
    const gitBlob = message.gitBlob ? createHash('sha1').update(`blob ${size}\0`) : undefined
    const checksum = message.checksum && (await startChecksum(message.checksum))
    jobs.set(id, { fd: openSync(path, 'r'), at: 0, size, sha256: createHash('sha256'), gitBlob, checksum })
    return
  }
  const job = jobs.get(id)
  if (job === undefined) return
  if (message.do === 'advance') hash(job, message.to)
  if (message.do === 'advance' && job.at < job.size) return
  jobs.delete(id)
  closeSync(job.fd)
  if (message.do === 'advance')
    answer({
      id,
      sha256: job.sha256.digest('hex'),
      gitBlob: job.gitBlob?.digest('hex'),
      checksum: job.checksum?.digest().toString('hex'),
    })
}

/**
 * @param {Job} job
 * @param {number} to
 */
function hash(job, to) {
  while (job.at < to) {
    const bytes = readSync(job.fd, buffer, 0, Math.min(buffer.length, to - job.at), job.at)
    if (bytes === 0) throw new Error(`the file ends at ${job.at} bytes, and ${to} were written`)
    const part = buffer.subarray(0, bytes)
    job.sha256.update(part)
    job.gitBlob?.update(part)
    job.checksum?.update(part)
    job.at += bytes
  }
}

/** @param {import('./hasher.ts').FromHasher} message */
function answer(message) {
  parentPort?.postMessage(message)
}
