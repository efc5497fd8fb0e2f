const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The index of the quote that ends the string whose first byte is at `start`, in JSON as UTF-8. */
export function endOfString(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at
}
