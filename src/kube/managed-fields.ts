const KEY = '"managedFields":['
const QUOTE = 0x22
const COMMA = 0x2c
const OPENING = 0x5b
const BACKSLASH = 0x5c
const CLOSING = 0x5d
const BRACE = 0x7b

/**
 * The JSON text without `managedFields`, which nobody here reads. They are about half of a stored object, and
 * slow to parse, because each field of the object is a key of its own in them. The API server writes JSON
 * without spaces. Text in another form, or that is cut off, stays as it is. Takes time in proportion to the
 * text.
 */
export function withoutManagedFields(text: string): string {
  const kept: string[] = []
  let from = 0
  let next = 0
  for (let at = text.indexOf(KEY); at >= 0; at = text.indexOf(KEY, next)) {
    next = at + KEY.length
    const before = text.charCodeAt(at - 1)
    // After anything else, its first quote is part of a string.
    if (before !== COMMA && before !== BRACE) continue
    const end = endOfArray(text, next)
    if (end === undefined) break
    kept.push(text.slice(from, before === COMMA ? at - 1 : at))
    from = before === BRACE && text.charCodeAt(end) === COMMA ? end + 1 : end
    next = end
  }
  return kept.length === 0 ? text : kept.join('') + text.slice(from)
}

/** The index after an array whose first element starts here; undefined if it does not end. */
function endOfArray(text: string, start: number): number | undefined {
  let depth = 1
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at + 1)
    else if (code === OPENING) depth += 1
    else if (code === CLOSING) depth -= 1
    if (depth === 0) return at + 1
  }
  return undefined
}

/** The index of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}
