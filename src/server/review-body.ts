import { endOfString } from '../json-bytes.ts'

/** Bodies up to this size are small enough, whatever they contain. */
const SMALL_BYTES = 64 * 1024

/** Values of a review, members and elements alike. The largest real pods and caches have a few thousand. */
const MAX_VALUES = 20_000

/** Why a body is rejected. */
export class BodyRejected extends Error {
  override name = 'BodyRejected'
  /** The status code that fastify answers with. */
  readonly statusCode: number
  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/**
 * The JSON value of a body. A body with a great many values is rejected before it is parsed, because parsed
 * it takes twenty times its size. A key like `__proto__` is an ordinary member.
 *
 * @throws BodyRejected for such a body, and for text that is not JSON.
 */
export function parseBody(body: Buffer): unknown {
  if (body.length > SMALL_BYTES && hasMoreValues(body, MAX_VALUES)) {
    const message = `the review has more than ${MAX_VALUES} members and elements, more than any object that uses caches`
    throw new BodyRejected(413, message)
  }
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new BodyRejected(400, 'the body is not JSON')
  }
}

const QUOTE = 0x22

/**
 * Every value except the first one of its list or object follows a comma, and the first one follows the
 * bracket.
 */
const PRECEDES_VALUE = new Uint8Array(256)
for (const character of ',[{') PRECEDES_VALUE[character.charCodeAt(0)] = 1

function hasMoreValues(body: Buffer, max: number): boolean {
  let values = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] ?? 0
    if (byte === QUOTE) at = endOfString(body, at + 1)
    else if (PRECEDES_VALUE[byte] === 1 && ++values > max) return true
  }
  return false
}
