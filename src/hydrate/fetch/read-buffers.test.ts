import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createReadBuffers, createReturns } from './read-buffers.ts'

const BYTES = 1024
const open: Disposable[] = []
afterEach(() => {
  for (const each of open.splice(0)) each[Symbol.dispose]()
})

/** Both ends of a connection whose reader has buffers of BYTES. */
async function connection(): Promise<{ reader: Socket; writer: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens at no port')
  const accepted = once(server, 'connection')
  const reader = connect({ port: address.port, host: '127.0.0.1', onread: createReadBuffers(BYTES) })
  const [writer]: Socket[] = await accepted
  if (writer === undefined) throw new Error('nobody has connected')
  open.push({
    [Symbol.dispose]() {
      reader.destroy()
      writer.destroy()
      server.close()
    },
  })
  return { reader, writer }
}

async function read(reader: Socket): Promise<Buffer> {
  const [chunk]: Buffer[] = await once(reader, 'data')
  reader.pause()
  if (chunk === undefined) throw new Error('nothing came')
  return chunk
}

/** What the reader gets of a buffer full of one byte. */
async function passed({ reader, writer }: { reader: Socket; writer: Socket }, byte: number) {
  writer.write(Buffer.alloc(BYTES, byte))
  const reading = read(reader)
  reader.resume()
  return reading
}

test('a buffer is used again once it was given back, and the first chunk of another one has come', async () => {
  const ends = await connection()
  const giveBack = createReturns()
  const chunks: Buffer[] = []
  for (const byte of [1, 2, 3, 4, 5, 6]) {
    const chunk = await passed(ends, byte)
    expect(chunk).toEqual(Buffer.alloc(BYTES, byte))
    chunks.push(chunk)
    giveBack(chunk)
  }
  expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBeLessThan(5)
})

test('what nobody gives back keeps its bytes', async () => {
  const ends = await connection()
  const chunks: Buffer[] = []
  for (const byte of [1, 2, 3, 4]) chunks.push(await passed(ends, byte))
  expect(chunks).toEqual([1, 2, 3, 4].map(byte => Buffer.alloc(BYTES, byte)))
})

test('chunks of one buffer keep it until the last of them is given back', () => {
  const giveBack = createReturns()
  const { buffer } = createReadBuffers(BYTES)
  const take = () => (typeof buffer === 'function' ? buffer() : buffer)
  const first = take()
  const second = take()
  for (const chunk of [first.subarray(0, 10), first.subarray(10), second]) {
    expect(take().buffer === first.buffer).toBe(false)
    giveBack(chunk)
  }
  expect(take().buffer === first.buffer).toBe(true)
})

test('memory that is given back twice has one next owner', () => {
  const { buffer } = createReadBuffers(BYTES)
  const take = () => (typeof buffer === 'function' ? buffer() : buffer)
  const [one, other] = [take(), take()]
  for (const giveBack of [createReturns(), createReturns()]) {
    giveBack(one)
    giveBack(other)
  }
  const next = [take(), take()].map(({ buffer }) => buffer === one.buffer)
  expect(next).toEqual([true, false])
})

test('a few bytes in a large buffer are copied out of it', async () => {
  const { reader, writer } = await connection()
  const reading = read(reader)
  writer.write('a few')
  const chunk = await reading
  expect(String(chunk)).toBe('a few')
  expect(chunk.buffer.byteLength).not.toBe(BYTES)
})
