import { randomBytes } from 'node:crypto'

/** A text that must not appear anywhere, by the name of what it is a part of. */
export type Canaries = Readonly<Record<string, string>>

/**
 * A text like no other, which is a good value of a label too. It is short, because parsers quote no more than ten
 * characters on either side of what they do not understand, and begins with a letter at which JSON is broken.
 */
export function aCanary(): string {
  return `z${randomBytes(5).toString('hex').slice(1)}`
}

/** The names of those that appear in a text, as they are or as a part of something in base64. */
export function found(canaries: Canaries, text: string): string[] {
  return Object.entries(canaries)
    .filter(([, canary]) => spellings(canary).some(spelling => text.includes(spelling)))
    .map(([name]) => name)
}

function spellings(canary: string): string[] {
  return [canary, ...[0, 1, 2].map(before => inBase64(canary, before))]
}

/** What base64 makes of it after so many other bytes, without the characters that it shares with its neighbours. */
function inBase64(text: string, before: number): string {
  const bytes = Buffer.from(' '.repeat(before) + text)
  const whole = bytes.toString('base64')
  return whole.slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
