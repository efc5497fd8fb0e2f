// JavaScript, because a thread that has to strip types takes 25 MiB more.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** CRC-32C (Castagnoli) and CRC-64/NVME, reflected. */
const CRC32C = 0x82f63b78
const CRC64NVME = '9a6c9329ac4bc9b5'

/**
 * @typedef {object} Running
 * @property {(chunk: Uint8Array) => void} update
 * @property {() => Buffer} digest Ends it.
 */

/**
 * Starts a checksum of the bytes of a file, in their order. Of a file that came in parts, S3 knows the
 * checksum of the checksums of its parts.
 *
 * @param {Pick<import('../checksum.ts').Checksum, 'algorithm' | 'partBytes'>} checksum
 * @returns {Promise<Running>}
 */
export async function startChecksum({ algorithm, partBytes }) {
  const start = await starterOf(algorithm)
  if (partBytes === undefined) return start()
  const whole = start()
  let part = start()
  let left = partBytes
  const endPart = () => {
    whole.update(part.digest())
    part = start()
    left = partBytes
  }
  return {
    update(chunk) {
      for (let rest = chunk; rest.length > 0; ) {
        const taken = rest.subarray(0, left)
        part.update(taken)
        left -= taken.length
        rest = rest.subarray(taken.length)
        if (left === 0) endPart()
      }
    },
    digest() {
      if (left < partBytes) endPart()
      return whole.digest()
    },
  }
}

/**
 * @param {import('../checksum.ts').Algorithm} algorithm
 * @returns {Promise<() => Running>}
 */
async function starterOf(algorithm) {
  if (algorithm === 'crc32') return startCrc32
  if (algorithm === 'crc32c' || algorithm === 'crc64nvme') {
    // Few sources have these, and they take memory.
    const { createCRC32, createCRC64 } = await import('hash-wasm')
    return startWasm(() => (algorithm === 'crc32c' ? createCRC32(CRC32C) : createCRC64(CRC64NVME)))
  }
  return () => {
    const hash = createHash(algorithm)
    return { update: chunk => void hash.update(chunk), digest: () => hash.digest() }
  }
}

/** @returns {Running} */
function startCrc32() {
  let sum = 0
  return {
    update(chunk) {
      sum = crc32(chunk, sum)
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(sum)
      return bytes
    },
  }
}

/**
 * One of them at a time is used for each file, so that a part starts where another one has ended.
 *
 * @param {() => Promise<import('hash-wasm').IHasher>} create
 * @returns {Promise<() => Running>}
 */
async function startWasm(create) {
  const [one, other] = [await create(), await create()]
  const free = [one, other]
  return () => {
    const hasher = free.pop()
    if (hasher === undefined) throw new Error('a checksum was not ended')
    hasher.init()
    return {
      update: chunk => void hasher.update(chunk),
      digest() {
        const bytes = Buffer.from(hasher.digest('binary'))
        free.push(hasher)
        return bytes
      },
    }
  }
}
