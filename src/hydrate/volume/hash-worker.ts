import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { FromHasher, ToHasher } from './hasher.ts'

// Reads files that other threads write, as far as they are written, and hashes them.

interface Job {
  fd: number
  at: number
  size: number
  sha256: Hash
  gitBlob: Hash | undefined
}

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
const jobs = new Map<number, Job>()

parentPort?.on('message', (message: ToHasher) => {
  try {
    handle(message)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : undefined
    answer({ id: message.id, error: text, errno })
  }
})

function handle(message: ToHasher): void {
  const { id } = message
  if (message.do === 'start') {
    const { path, size, gitBlob } = message
    const git = gitBlob ? createHash('sha1').update(`blob ${size}\0`) : undefined
    jobs.set(id, { fd: openSync(path, 'r'), at: 0, size, sha256: createHash('sha256'), gitBlob: git })
    return
  }
  const job = jobs.get(id)
  if (job === undefined) return
  if (message.do === 'stop') {
    end(id, job)
    return
  }
  hash(job, message.to)
  if (job.at < job.size) return
  end(id, job)
  answer({ id, sha256: job.sha256.digest('hex'), gitBlob: job.gitBlob?.digest('hex') })
}

function hash(job: Job, to: number): void {
  while (job.at < to) {
    const bytes = readSync(job.fd, buffer, 0, Math.min(buffer.length, to - job.at), job.at)
    if (bytes === 0) throw new Error(`the file ends at ${job.at} bytes, and ${to} were written`)
    const part = buffer.subarray(0, bytes)
    job.sha256.update(part)
    job.gitBlob?.update(part)
    job.at += bytes
  }
}

function end(id: number, { fd }: Job): void {
  jobs.delete(id)
  closeSync(fd)
}

function answer(message: FromHasher): void {
  parentPort?.postMessage(message)
}
