/**
 * What no terminal shows as it is: control characters, what hides or turns around the text beside it, and letters
 * that have no shape (Unicode: Default_Ignorable_Code_Point, and the blank of Braille).
 */
export const UNPRINTABLE =
  '[\\p{Cc}\\p{Cf}\\p{Co}\\p{Zl}\\p{Zp}\\u{34F}\\u{115F}\\u{1160}\\u{17B4}\\u{17B5}\\u{180B}-\\u{180F}\\u{2800}\\u{3164}\\u{FE00}-\\u{FE0F}\\u{FFA0}\\u{FFF0}-\\u{FFF8}\\u{E0000}-\\u{E0FFF}]'

const unprintable = new RegExp(UNPRINTABLE, 'gu')

/** The text with escapes in place of what no terminal shows as it is. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, character => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return `\\u{${code}}`
  })
}

/** The same of a text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/**
 * JSON of a value, with escapes for what no terminal shows as it is; programs read the same value. `space` indents
 * it.
 */
export function printableJson(value: unknown, space?: number): string {
  const text = JSON.stringify(value, undefined, space)
  return text.replaceAll(unprintable, character =>
    character === '\n' ? character : character.split('').map(unitEscape).join(''),
  )
}

/** Of one UTF-16 unit: JSON has no escape for more. */
function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * The parts of a list between commas, without the ASCII white space around them: what else looks like space is a part
 * of a name.
 */
export function listed(list: string): string[] {
  return list.split(',').map(trimmed)
}

/** The text without the ASCII white space around it. */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && ' \t\r\n'.includes(text.charAt(start))) start++
  while (end > start && ' \t\r\n'.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** What is wrong with a list in which a name is empty; undefined where none is. */
export function emptyName(names: readonly string[]): string | undefined {
  if (!names.includes('')) return undefined
  return names.at(-1) === '' && names.length > 1 ? 'ends with a comma' : 'has an empty name'
}

/** The text, or as much of it as has room in `max` characters, marked by an ellipsis. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${copyOf(text.slice(0, max - 1))}…`
}

/**
 * Text from outside as a person may read it: in `max` characters, its escapes included, none of which is cut in two.
 */
export function foreign(text: string, max: number): string {
  const shown = printable(text.slice(0, max))
  if (text.length <= max && shown.length <= max) return shown
  let start = ''
  for (const character of text.slice(0, max)) {
    const next = printable(character)
    if (start.length + next.length >= max) break
    start += next
  }
  return `${start}…`
}

/** The same characters in memory of their own: a slice keeps the whole text that it is a part of, however large. */
function copyOf(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le')
}

/** A text from outside, quoted as JSON and cut, so that nobody fills a message with a novel. */
export function quote(text: string, max = 100): string {
  return JSON.stringify(cut(text, max))
}

/** Names of a list, the first few of them; that there are more is told by their number. */
export function few(names: readonly string[], shown = 8): string {
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}

/** The message of what was thrown, which may be anything. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
