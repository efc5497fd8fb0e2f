import { randomBytes } from 'node:crypto'

/** A text that must not appear anywhere, by the name of what contains it. */
export type Canaries = Readonly<Record<string, string>>

/**
 * A unique text, which is also a valid label value. It is short, because parsers quote at most ten characters
 * around what they do not understand, and it starts with a letter that breaks JSON.
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

/** Its base64 after this many other bytes, without the characters that it shares with its neighbors. */
function inBase64(text: string, before: number): string {
  const bytes = Buffer.from(' '.repeat(before) + text)
  const whole = bytes.toString('base64')
  return whole.slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
