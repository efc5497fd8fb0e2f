import type { OnReadOpts, Socket } from 'node:net'

/** Where the memory of a chunk goes when nobody needs the chunk any more. */
const homes = new WeakMap<ArrayBufferLike, Buffer[]>()

/**
 * Buffers of `bytes` that sockets read into, and that come back by `createReturns`. Without them, Node.js
 * allocates 64 KiB for each read, and V8 goes through the whole heap after every 64 MiB of that. It took more
 * time than the hash of the bytes. A buffer that never comes back is collected like any other.
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
      // Whoever keeps a few bytes would keep a whole buffer.
      unused = buffer
      return this.push(Buffer.from(chunk))
    },
  }
}

/**
 * Takes the chunks of a content back, in their order, once nobody needs them. Several chunks may lie in one
 * buffer, so it is free when the first chunk of another one comes.
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
