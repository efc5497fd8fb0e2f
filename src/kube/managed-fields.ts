import { endOfString } from '../json-bytes.ts'

const KEY = Buffer.from('"managedFields":[')
const QUOTE = 0x22
const COMMA = 0x2c
const OPENING = 0x5b
const CLOSING = 0x5d
const BRACE = 0x7b

/**
 * JSON in UTF-8 without `managedFields`, which nobody here reads. They are about half of a stored object, and
 * slow to parse, because each field of the object is a key of its own in them. The API server writes JSON
 * without spaces. JSON in another form, or that is cut off, stays as it is. Takes time in proportion to its
 * length, and writes over `json`.
 */
export function withoutManagedFields(json: Buffer): Buffer {
  let length = 0
  let from = 0
  let next = 0
  const keep = (to: number): void => {
    json.copyWithin(length, from, to)
    length += to - from
  }
  for (let at = json.indexOf(KEY); at >= 0; at = json.indexOf(KEY, next)) {
    next = at + KEY.length
    const before = json[at - 1]
    // After anything else, its first quote is part of a string.
    if (before !== COMMA && before !== BRACE) continue
    const end = endOfArray(json, next)
    if (end === undefined) break
    keep(before === COMMA ? at - 1 : at)
    from = before === BRACE && json[end] === COMMA ? end + 1 : end
    next = end
  }
  keep(json.length)
  return json.subarray(0, length)
}

/** The index after an array whose first element starts here; undefined if it does not end. */
function endOfArray(json: Buffer, start: number): number | undefined {
  let depth = 1
  for (let at = start; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) at = endOfString(json, at + 1)
    else if (byte === OPENING) depth += 1
    else if (byte === CLOSING) depth -= 1
    if (depth === 0) return at + 1
  }
  return undefined
}
