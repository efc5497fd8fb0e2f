import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readAhead } from './read-ahead.ts'

const MIB = 2 ** 20
const CONTENT = randomBytes(19 * MIB + 7)
const never = new AbortController().signal

/** A source that counts what runs at a time, and answers in any order. */
function sourceOf(content: Buffer, { hasRanges = true, isWrong = false } = {}) {
  const seen = { requests: 0, running: 0, most: 0, aborted: 0 }
  return {
    seen,
    file: {
      path: 'model.tar',
      size: content.length,
      hasRanges,
      async open({ from, to }: { from: number; to?: number | undefined }, signal: AbortSignal) {
        seen.requests += 1
        seen.running += 1
        seen.most = Math.max(seen.most, seen.running)
        signal.addEventListener('abort', () => {
          seen.aborted += 1
        })
        await pause(Math.random() * 20)
        async function* content_() {
          const end = isWrong ? (to ?? content.length) - 1 : to
          for (let at = from; at < (end ?? content.length); at += MIB)
            yield content.subarray(at, Math.min(at + MIB, end ?? content.length))
          seen.running -= 1
        }
        return { from, content: content_() }
      },
    },
  }
}

test('a file comes in order, several parts at a time', async () => {
  const { file, seen } = sourceOf(CONTENT)
  const read = await buffer(readAhead(file, { from: 0, connections: 3, signal: never }))
  expect(read.equals(CONTENT)).toBe(true)
  expect(seen).toMatchObject({ requests: 7, most: 3 })
})

test('it starts in the middle', async () => {
  const { file } = sourceOf(CONTENT)
  const read = await buffer(readAhead(file, { from: 5 * MIB + 1, connections: 2, signal: never }))
  expect(read.equals(CONTENT.subarray(5 * MIB + 1))).toBe(true)
})

test('a file without ranges takes one request', async () => {
  const { file, seen } = sourceOf(CONTENT, { hasRanges: false })
  const read = await buffer(readAhead(file, { from: 0, connections: 3, signal: never }))
  expect(read.equals(CONTENT)).toBe(true)
  expect(seen).toMatchObject({ requests: 1 })
})

test('a part that is too short is an error', async () => {
  const { file } = sourceOf(CONTENT, { isWrong: true })
  await expect(buffer(readAhead(file, { from: 0, connections: 3, signal: never }))).rejects.toMatchObject({
    reason: 'SourceChanged',
  })
})

test('whoever stops reading ends the requests', async () => {
  const { file, seen } = sourceOf(CONTENT)
  for await (const _ of readAhead(file, { from: 0, connections: 4, signal: never })) break
  expect(seen.aborted).toBe(seen.requests)
})
