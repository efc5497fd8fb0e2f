import { KubeConfig } from '@kubernetes/client-node'
import { Response } from 'undici'
import { expect, test, vi } from 'vitest'
import { readBody } from './reply-body.ts'

const KIB = 1024
const { signal } = new AbortController()

/**
 * A reply of this many bytes in parts of 64 KiB, the last of which comes when `end` resolves, and a count of
 * the parts.
 */
function aReply(bytes: number, end = Promise.resolve()) {
  const part = new Uint8Array(64 * KIB).fill(0x61)
  let parts = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (parts * part.length >= bytes) {
          await end
          return controller.close()
        }
        parts += 1
        controller.enqueue(part)
      },
    },
    { highWaterMark: 0 },
  )
  return { response: new Response(stream), parts: () => parts }
}

test('gives the whole body, split characters included', async () => {
  const response = new Response('für €')
  const read = await readBody(new KubeConfig(), response, { signal }, body => body.toString())
  expect(read).toBe('für €')
})

test('large replies of one cluster are read one after the other, small ones side by side', async () => {
  const config = new KubeConfig()
  const end = Promise.withResolvers<void>()
  const [first, second, small] = [aReply(1_024 * KIB, end.promise), aReply(1_024 * KIB), aReply(128 * KIB)]
  const held = readBody(config, first.response, { signal }, body => body.length)
  await vi.waitFor(() => expect(first.parts()).toBe(16))
  const waiting = readBody(config, second.response, { signal }, body => body.length)
  expect(await readBody(config, small.response, { signal }, body => body.length)).toBe(128 * KIB)
  // With the fifth part it counts as large, and waits.
  expect(second.parts()).toBeLessThanOrEqual(6)
  end.resolve()
  expect(await Promise.all([held, waiting])).toEqual([1_024 * KIB, 1_024 * KIB])
})

test('a reply that is too large is given up where that shows', async () => {
  const reply = aReply(10 * 1_024 * KIB)
  const reading = readBody(new KubeConfig(), reply.response, { signal, maxBytes: 512 * KIB }, text => text)
  await expect(reading).rejects.toMatchObject({ reason: 'ReplyTooLarge' })
  expect(reply.parts()).toBeLessThan(12)
})

test('one that fails gives its turn to the next', async () => {
  const config = new KubeConfig()
  const options = { signal, maxBytes: 512 * KIB }
  const first = readBody(config, aReply(1_024 * KIB).response, options, text => text)
  const second = readBody(config, aReply(500 * KIB).response, options, body => body.length)
  await expect(first).rejects.toMatchObject({ reason: 'ReplyTooLarge' })
  expect(await second).toBe(512 * KIB)
})
