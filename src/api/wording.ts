/** The text, or as much of it as has room in `max` characters, marked by an ellipsis. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
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
