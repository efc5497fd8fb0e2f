/**
 * Characters that no terminal prints: control characters, characters that hide or reverse the text beside
 * them, and letters without a shape (Unicode: Default_Ignorable_Code_Point, and the blank of Braille).
 */
export const UNPRINTABLE =
  '[\\p{Cc}\\p{Cf}\\p{Co}\\p{Zl}\\p{Zp}\\u{34F}\\u{115F}\\u{1160}\\u{17B4}\\u{17B5}\\u{180B}-\\u{180F}\\u{2800}\\u{3164}\\u{FE00}-\\u{FE0F}\\u{FFA0}\\u{FFF0}-\\u{FFF8}\\u{E0000}-\\u{E0FFF}]'

/**
 * They look like the space of ASCII, and are none to any program: the no-break space of a web page above all.
 */
const OTHER_SPACES = '[\\u{A0}\\u{1680}\\u{2000}-\\u{200A}\\u{202F}\\u{205F}\\u{3000}]'

const unprintable = new RegExp(`${UNPRINTABLE}|${OTHER_SPACES}`, 'gu')

/** The text with its unprintable characters and misleading spaces escaped. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, character => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return `\\u{${code}}`
  })
}

/** The same for a text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/**
 * JSON of a value with its unprintable characters escaped. Programs read the same value. `space` is the
 * indent.
 */
export function printableJson(value: unknown, space?: number): string {
  const text = JSON.stringify(value, undefined, space)
  return text.replaceAll(unprintable, character =>
    character === '\n' ? character : character.split('').map(unitEscape).join(''),
  )
}

/** Escapes one UTF-16 unit, because JSON has no longer escape. */
function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * The parts of a list between commas, without the ASCII white space around them. Other white space is part of
 * a name.
 */
export function listed(list: string): string[] {
  return list.split(',').map(trimmed)
}

/** The text without ASCII white space at both ends. */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && ' \t\r\n'.includes(text.charAt(start))) start++
  while (end > start && ' \t\r\n'.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** What is wrong with a list that has an empty name; undefined if it has none. */
export function emptyName(names: readonly string[]): string | undefined {
  if (!names.includes('')) return undefined
  return names.at(-1) === '' && names.length > 1 ? 'ends with a comma' : 'has an empty name'
}

/** The text, cut to `max` characters. An ellipsis marks the cut. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${copyOf(text.slice(0, max - 1))}…`
}

/**
 * Text from outside in a form that is safe to show: at most `max` characters including escapes, and no escape
 * is cut in two.
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

/**
 * A copy of the text in its own memory. A slice would keep the whole original text in memory, however large
 * it is.
 */
function copyOf(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le')
}

/** A text from outside, quoted as JSON and cut, so that it cannot fill a message. */
export function quote(text: string, max = 100): string {
  return JSON.stringify(cut(text, max))
}

/** The first names of a list, and how many more there are. */
export function few(names: readonly string[], shown = 8): string {
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}

/** The message of a thrown value, which may be anything. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
