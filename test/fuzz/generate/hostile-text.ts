import { nested } from './hostile.ts'

/** A review turned into hostile text. */
export interface HostileText {
  text: string
  /** A review that may be allowed exactly if this one may; undefined if it never may. */
  meaning: string | undefined
}

/** More than any server should read. */
const PADDING = ' '.repeat(7 * 1024 * 1024)

const DEEP = nested(10_000)

/** What no API server sends, but anybody may who reaches the port. */
const HOSTILITIES: ((text: string) => HostileText)[] = [
  text => ({ text, meaning: text }),
  text => never(text.slice(0, -1)),
  text => never(`${text}${text}`),
  text => never(`\u0000${text}`),
  text => never(text.replaceAll('"', "'")),
  () => never(''),
  () => never(DEEP),
  text => ({ text: inserted(text, '', '"object":', `"deep":${DEEP},`), meaning: text }),
  text => ({ text: inserted(text, '"object":{', '', `"deep":${DEEP},`), meaning: text }),
  text => ({
    text: inserted(text, '"metadata":{', '', `"labels":${DEEP},`),
    meaning: inserted(text, '"metadata":{', '', '"labels":[],'),
  }),
  text => ({ text: inserted(text, '"object":{', '', '"__proto__":{"spec":{}},'), meaning: text }),
  text => ({ text: inserted(text, '"metadata":{', '', '"constructor":{"prototype":{}},'), meaning: text }),
  text => twice(text, '"object":', '"object":null,'),
  text => twice(text, '"request":', '"request":null,'),
  text => twice(text, '"operation":', '"operation":"CONNECT",'),
]

function never(text: string): HostileText {
  return { text, meaning: undefined }
}

/** Inserts something between two adjacent texts. */
function inserted(text: string, before: string, after: string, more: string): string {
  return text.replace(`${before}${after}`, `${before}${more}${after}`)
}

function twice(text: string, name: string, first: string): HostileText {
  const both = inserted(text, '', name, first)
  // As JSON.parse reads it, where the last one counts.
  return { text: both, meaning: both }
}

/** One of the ways to be hostile, in turn. A body over the limit is rarer. */
export function hostileText(text: string, turn: number): HostileText {
  if (turn % 97 === 96) return never(`${text}${PADDING}`)
  const make = HOSTILITIES[turn % HOSTILITIES.length] ?? never
  return make(text)
}
