import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Algorithm } from '../checksum.ts'
import { startChecksum } from './running-checksum.js'

const TEXT = Buffer.from('123456789')

describe('the checksum of "123456789"', () => {
  // The check values of the catalogue of parametrised CRC algorithms (reveng.sourceforge.io), and of openssl.
  test.each<[Algorithm, string]>([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['md5', '25f9e794323b453885f5181f1b624d0b'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ])('by %s is %s, in whatever pieces it comes', async (algorithm, expected) => {
    for (const size of [1, 2, 9]) {
      const running = await startChecksum({ algorithm })
      for (let at = 0; at < TEXT.length; at += size) running.update(TEXT.subarray(at, at + size))
      expect(running.digest().toString('hex')).toBe(expected)
    }
  })
})

test.each<[Algorithm, number]>([
  ['md5', 4],
  ['sha256', 3],
  ['crc32c', 9],
  ['crc64nvme', 2],
])(
  'the checksum of parts by %s, of %i bytes each, is that of their checksums',
  async (algorithm, partBytes) => {
    const whole = await startChecksum({ algorithm })
    for (let at = 0; at < TEXT.length; at += partBytes) {
      const part = await startChecksum({ algorithm })
      part.update(TEXT.subarray(at, at + partBytes))
      whole.update(part.digest())
    }
    const running = await startChecksum({ algorithm, partBytes })
    running.update(TEXT.subarray(0, 5))
    running.update(TEXT.subarray(5))
    expect(running.digest().equals(whole.digest())).toBe(true)
  },
)

test('the ETag of two parts is the MD5 of their MD5s', async () => {
  const [one, two] = [Buffer.alloc(5, 'a'), Buffer.alloc(2, 'b')]
  const md5 = (content: Buffer) => createHash('md5').update(content).digest()
  const running = await startChecksum({ algorithm: 'md5', partBytes: 5 })
  running.update(Buffer.concat([one, two]))
  expect(running.digest().toString('hex')).toBe(md5(Buffer.concat([md5(one), md5(two)])).toString('hex'))
})
