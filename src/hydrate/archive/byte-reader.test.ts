import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createByteReader, type Kept } from './byte-reader.ts'

const MIB = 2 ** 20
const SIZE = 300 * MIB

/** Byte `n` of the file is a function of n. */
function bytesOf(from: number, to: number): Buffer {
  return Buffer.from(Array.from({ length: to - from }, (_, index) => ((from + index) * 7) % 251))
}
const BLOCK = bytesOf(0, 251 * 1024)

/** A large file. Nobody holds all of its bytes. */
function fileOf() {
  const reads: number[] = []
  async function* range(from: number, to: number) {
    for (let at = from; at < to; ) {
      const start = at % BLOCK.length
      const part = BLOCK.subarray(start, Math.min(BLOCK.length, start + to - at))
      at += part.length
      yield part
    }
  }
  const source = (isSeekable: boolean) => ({
    isSeekable,
    from(offset: number) {
      reads.push(offset)
      return range(offset, SIZE)
    },
  })
  return { reads, range, source }
}

describe('bytes that the caller has', () => {
  test('are not read from the source if they are many, and every byte is seen in order', async () => {
    const { reads, range, source } = fileOf()
    const hash = createHash('sha256')
    let counted = 0
    const reader = createByteReader(source(true), {
      update: chunk => void hash.update(chunk),
      onBytes: bytes => {
        counted += bytes
      },
    })
    expect(await reader.take(10)).toEqual(bytesOf(0, 10))
    const kept: Kept = (from, to) => range(10 + from, 10 + to)
    await reader.skip(200 * MIB, kept)
    expect(await reader.take(5)).toEqual(bytesOf(200 * MIB + 10, 200 * MIB + 15))
    expect(reader.position).toBe(200 * MIB + 15)
    await reader.drain()
    expect(reads).toEqual([0, 200 * MIB + 10])
    const whole = createHash('sha256')
    for await (const chunk of range(0, SIZE)) whole.update(chunk)
    expect(hash.digest('hex')).toBe(whole.digest('hex'))
    expect(counted).toBe(SIZE)
  })

  test.each([
    ['few', 10 * MIB, true],
    ['of a source that cannot start in the middle', 200 * MIB, false],
  ])('are read if they are %s', async (_, length, isSeekable) => {
    const { reads, range: kept, source } = fileOf()
    const reader = createByteReader(source(isSeekable))
    await reader.skip(length, kept)
    expect(await reader.take(5)).toEqual(bytesOf(length, length + 5))
    expect(reads).toEqual([0])
  })
})

test('an input that ends too early is cut off', async () => {
  const source = {
    isSeekable: false,
    async *from() {
      yield Buffer.from('abc')
    },
  }
  await expect(createByteReader(source).take(4)).rejects.toThrow('cut off')
  await expect(createByteReader(source).skip(4)).rejects.toThrow('cut off')
  const reader = createByteReader(source)
  expect((await reader.take(3))?.toString()).toBe('abc')
  expect(await reader.take(1)).toBeUndefined()
})
