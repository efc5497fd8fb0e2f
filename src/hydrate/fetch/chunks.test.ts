import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { chunksOf } from './chunks.ts'

test('the chunks of a stream are not joined, even if several wait', async () => {
  const left = ['one', 'two', 'three']
  const stream = new Readable({
    read() {
      // All that is there comes at once, as from a socket.
      for (const text of left.splice(0)) this.push(Buffer.from(text))
      this.push(null)
    },
  })
  expect((await Array.fromAsync(chunksOf(stream))).map(String)).toEqual(['one', 'two', 'three'])
})

test('an error comes after the chunks that came before it', async () => {
  const stream = new Readable({ read() {} })
  const seen: string[] = []
  const reading = (async () => {
    for await (const chunk of chunksOf(stream)) {
      seen.push(String(chunk))
      stream.destroy(new Error('broken off'))
    }
  })()
  stream.push(Buffer.from('one'))
  await expect(reading).rejects.toThrow('broken off')
  expect(seen).toEqual(['one'])
})

test('a stream that closes before its end is an error', async () => {
  const stream = new Readable({ read() {} })
  const reading = Array.fromAsync(chunksOf(stream))
  stream.destroy()
  await expect(reading).rejects.toThrow('Premature close')
})

test('a stream that is slower than its reader is read to its end', async () => {
  const stream = Readable.from(
    (async function* () {
      for (let index = 0; index < 5; index++) {
        await new Promise(setImmediate)
        yield Buffer.from([index])
      }
    })(),
    { objectMode: false },
  )
  expect(Buffer.concat(await Array.fromAsync(chunksOf(stream)))).toEqual(Buffer.from([0, 1, 2, 3, 4]))
})

test('whoever stops reading destroys the stream, and nothing is thrown later', async () => {
  const stream = new Readable({
    read() {
      this.push(Buffer.from('one'))
    },
    destroy: (_, done) => done(new Error('aborted')),
  })
  for await (const _ of chunksOf(stream)) break
  expect(stream.destroyed).toBe(true)
})
