import type { z } from 'zod'
import { firstIssue, parseJson } from '../../api/schema/parse.ts'
import { HydrationError } from '../failure.ts'
import { contentOf } from './content.ts'
import type { Http, SourceRequest } from './http.ts'
import { shown } from './rejection.ts'
import type { Reply } from './reply.ts'
import { withRetries } from './retry.ts'

/** A page of a listing of a thousand files has less than 1 MiB. */
const MAX_BYTES = 16 * 1024 * 1024
/** Values within values. JSON.parse takes a hundred times the memory for a text that is only brackets. */
const MAX_DEPTH = 32

/** Asks for JSON, with retries if that may help, and parses it by a schema. */
export async function getJson<T>(
  http: Http,
  request: SourceRequest,
  schema: z.ZodType<T>,
): Promise<{ value: T; reply: Reply }> {
  return withRetries(
    async () => {
      const reply = await http.get({
        ...request,
        headers: { accept: 'application/json', ...request.headers },
      })
      const parsed = schema.safeParse(parseJson(await jsonOf(reply, request.url)))
      if (parsed.success) return { value: parsed.data, reply }
      const { field, message } = firstIssue(parsed.error)
      throw new HydrationError(
        'SourceNotFound',
        `${shown(request.url)} does not answer like this kind of source: ${field} ${message}; correct the address`,
      )
    },
    { signal: request.signal },
  )
}

async function jsonOf(reply: Reply, url: string): Promise<string> {
  const text = await contentOf(reply, url, MAX_BYTES)
  checkDepth(text, url)
  return text.toString('utf8')
}

/** Throws SourceNotFound for a text that JSON.parse should not get. */
export function checkDepth(text: Uint8Array, url: string): void {
  if (depthOf(text) <= MAX_DEPTH) return
  const message = `${shown(url)} returns JSON with more than ${MAX_DEPTH} levels`
  throw new HydrationError('SourceNotFound', message)
}

/** How deep the brackets of a JSON text are, at most. Brackets in strings do not count. */
function depthOf(text: Uint8Array): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) at = endOfString(text, at)
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return deepest
}

function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1
  return at
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
