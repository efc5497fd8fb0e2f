import { foreign } from '../api/schema/text.ts'

/** A person reads this much of a message that others wrote. */
const MAX_MESSAGE = 600

/** A text that anybody may have written, on one line, safe to print. */
export function line(text: string | undefined, max = MAX_MESSAGE): string {
  return foreign((text ?? '').replaceAll(/\s*\n\s*/g, ' ').trim(), max)
}

/** How long ago a time was, in the words of kubectl: `42s`, `7m`, `3h`, `5d`. Empty if it is no time. */
export function ageOf(time: string | undefined, now: number): string {
  const then = Date.parse(time ?? '')
  if (Number.isNaN(then)) return ''
  const seconds = Math.max(0, Math.floor((now - then) / 1_000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`
}

/** `1 pod`, `2 pods`. */
export function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Rows under their titles, as kubectl aligns them. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows]
  const widths = titles.map((_, column) => Math.max(...all.map(row => [...(row[column] ?? '')].length)))
  const textOf = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd()
  return all.map(row => `${textOf(row)}\n`).join('')
}
