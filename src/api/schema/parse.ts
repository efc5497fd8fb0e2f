import type { z } from 'zod'

/** The JSON value of a text; undefined if the text is not JSON, so that a schema reports what is missing. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The first issue that a schema found: the path of the field, empty at the root, and what is wrong with it.
 */
export function firstIssue(error: z.ZodError): { readonly field: string; readonly message: string } {
  const [issue] = error.issues
  return { field: issue?.path.join('.') ?? '', message: issue?.message ?? 'does not parse' }
}
