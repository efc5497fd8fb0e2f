import { expect, test } from 'vitest'
import { parseChecksums } from './checksum-file.ts'

const A = 'a'.repeat(64)
const B = 'B'.repeat(64)

test('a checksum file is read as GNU, BSD and Windows write it, and the rest of it is ignored', () => {
  const text = [
    '# models of today',
    `${A}  ./config.json`,
    `${B} *weights/model 1.bin\r`,
    `SHA256 (tagged.bin) = ${A}`,
    `MD5 (other.bin) = ${'c'.repeat(32)}`,
    `${'d'.repeat(40)}  short`,
    '',
  ].join('\n')
  expect([...parseChecksums(text)]).toEqual([
    ['config.json', A],
    ['weights/model 1.bin', B.toLowerCase()],
    ['tagged.bin', A],
  ])
})
