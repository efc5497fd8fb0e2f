import { HydrationError } from '../../../src/hydrate/failure.ts'
import { createHttp } from '../../../src/hydrate/fetch/http.ts'
import { type HydrateOptions, hydrate } from '../../../src/hydrate/hydrate.ts'
import type { SourceContext } from '../../../src/hydrate/sources/source.ts'

/** What a source may use here, with that token as every Secret. */
export function contextOf(source: HydrateOptions['source'], token?: string): SourceContext {
  return {
    source,
    secret: async ref => (ref === undefined ? undefined : token),
    secretKey: async () => undefined,
    http: createHttp(),
    configMap: name => name,
    claim: name => name,
    huggingFaceEndpoint: 'http://127.0.0.1:9',
    signal: new AbortController().signal,
  }
}

/** Hydrates within this process, with that token as every Secret. */
export function stage(
  into: string,
  source: HydrateOptions['source'],
  { token, ...given }: Partial<HydrateOptions> & { token?: string | undefined } = {},
) {
  return hydrate({ ...contextOf(source, token), into, ...given })
}

/** The reason of its failure. */
export function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    error => (error instanceof HydrationError ? error.reason : error),
  )
}

/** The error with which it fails. */
export async function failureOf(work: Promise<unknown>): Promise<HydrationError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    error => error,
  )
  if (error instanceof HydrationError) return error
  throw error
}
