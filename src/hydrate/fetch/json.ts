import type { z } from 'zod'
import { firstIssue, parseJson } from '../../api/schema/parse.ts'
import { HydrationError } from '../failure.ts'
import { type Http, type Reply, type SourceRequest, shown, unreachable } from './http.ts'
import { withRetries } from './retry.ts'

/** A page of a listing of a thousand files has less than 1 MiB. */
const MAX_BYTES = 32 * 1024 * 1024

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
      const parsed = schema.safeParse(parseJson(await textOf(reply, request.url)))
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

async function textOf(reply: Reply, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of reply.body) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreachable(url, error)
  }
  if (bytes > MAX_BYTES)
    throw new HydrationError('SourceNotFound', `${shown(url)} returns more than ${MAX_BYTES} bytes of JSON`)
  return Buffer.concat(chunks).toString('utf8')
}
