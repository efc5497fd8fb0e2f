/** Bytes of a header, and of the unit in which everything in a tar archive is counted. */
export const BLOCK = 512

/** What a header says, before extended headers change it. */
export interface TarHeader {
  name: string
  linkname: string
  /** Bytes that follow in the archive. */
  size: number
  /** One character: `0` is a file, `5` a folder. */
  type: string
  /** The header itself, for the fields of old GNU formats. */
  block: Buffer
}

/**
 * Reads a header of any tar format: v7, ustar, pax, GNU (POSIX.1-2017 pax, section "ustar Interchange
 * Format").
 *
 * @throws Error if the checksum is wrong or the size is not a number.
 */
export function readHeader(block: Buffer): TarHeader {
  const { unsigned, signed } = checksumsOf(block)
  const checksum = numberAt(block, 148, 8)
  if (checksum !== unsigned && checksum !== signed) throw new Error('a header has the wrong checksum')
  const isUstar = textAt(block, 257, 6) === 'ustar' && block[262] === 0
  const prefix = isUstar ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: textAt(block, 157, 100),
    size: numberAt(block, 124, 12),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0),
    block,
  }
}

/** Whether bytes start with a header. */
export function isHeader(bytes: Buffer): boolean {
  if (bytes.length < BLOCK || isZero(bytes.subarray(0, BLOCK))) return false
  try {
    readHeader(bytes.subarray(0, BLOCK))
    return true
  } catch {
    return false
  }
}

/** Whether a block has nothing but zeros, which ends an archive. */
export function isZero(block: Buffer): boolean {
  return block.every(byte => byte === 0)
}

/** A text that ends at its first zero. */
export function textAt(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at)
  const limit = at + length
  return block.toString('utf8', at, end === -1 || end > limit ? limit : end)
}

/**
 * A number in octal digits, or in GNU's base 256 for large ones. 0 if the field is empty.
 *
 * @throws Error for anything else, and for numbers beyond 2^53.
 */
export function numberAt(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0
  const value =
    (first & 0x80) === 0
      ? Number.parseInt(octalDigits(textAt(block, at, length)), 8)
      : Number(
          (BigInt.asUintN(7, BigInt(first)) << BigInt(8 * (length - 1))) | rest(block, at + 1, length - 1),
        )
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('a header has a number that is none')
  return value
}

function octalDigits(text: string): string {
  const digits = text.trim()
  if (digits === '') return '0'
  if (!/^[0-7]+$/.test(digits)) throw new Error('a header has a number that is none')
  return digits
}

function rest(block: Buffer, at: number, length: number): bigint {
  return BigInt(`0x${block.toString('hex', at, at + length)}`)
}

/** The sum of all bytes, with the checksum itself as spaces. Some old tars took bytes for signed. */
function checksumsOf(block: Buffer): { unsigned: number; signed: number } {
  let unsigned = 8 * 0x20
  let high = 0
  for (let index = 0; index < BLOCK; index++) {
    if (index >= 148 && index < 156) continue
    const byte = block[index] ?? 0
    unsigned += byte
    if (byte > 127) high++
  }
  return { unsigned, signed: unsigned - 256 * high }
}
