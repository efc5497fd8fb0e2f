import type { z } from 'zod'

/** The JSON value in a text; undefined where there is none, for a schema to say what is missing. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The first thing that a schema found wrong: the path of the field, empty at the root, and what is wrong with it. */
export function firstIssue(error: z.ZodError): { readonly field: string; readonly message: string } {
  const [issue] = error.issues
  return { field: issue?.path.join('.') ?? '', message: issue?.message ?? 'does not parse' }
}
