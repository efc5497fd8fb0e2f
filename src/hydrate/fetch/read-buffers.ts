import type { OnReadOpts, Socket } from 'node:net'

/** The list of free buffers that each buffer returns to. */
const homes = new WeakMap<ArrayBufferLike, Buffer[]>()

/**
 * Makes sockets read into reusable buffers of `bytes`. `createReturns` brings them back. Otherwise Node.js
 * allocates 64 KiB for each read, and V8 scans the whole heap after every 64 MiB, which took more time than
 * hashing the bytes. If nobody brings a buffer back, the garbage collector frees it.
 */
export function createReadBuffers(bytes: number): OnReadOpts {
  const free: Buffer[] = []
  let unused: Buffer | undefined
  const take = () => {
    const buffer = free.pop() ?? Buffer.allocUnsafeSlow(bytes)
    homes.set(buffer.buffer, free)
    return buffer
  }
  return {
    // Node.js calls this after each callback, for the same socket.
    buffer() {
      const buffer = unused ?? take()
      unused = undefined
      return buffer
    },
    callback(this: Socket, read: number, buffer: Buffer) {
      const chunk = buffer.subarray(0, read)
      if (read >= bytes / 2) return this.push(chunk)
      // We copy small reads. Otherwise a few bytes would keep a whole buffer in memory.
      unused = buffer
      return this.push(Buffer.from(chunk))
    },
  }
}

/**
 * Returns a function that brings buffers back. Call it with the chunks of one body, in order, once you no
 * longer need them. Several chunks can share a buffer, so a buffer is free when a chunk of another one comes.
 */
export function createReturns(): (chunk: Uint8Array) => void {
  let last: ArrayBufferLike | undefined
  return ({ buffer }) => {
    if (last !== undefined && last !== buffer) giveBack(last)
    last = buffer
  }
}

function giveBack(memory: ArrayBufferLike): void {
  homes.get(memory)?.push(Buffer.from(memory))
  homes.delete(memory)
}
