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
  return { field: issue?.path.join('.') ?? '', message: plain(issue?.message ?? 'does not parse') }
}

/** The words of zod about types, as a person would say them. */
function plain(message: string): string {
  const [, expected = '', received] =
    /^Invalid input: expected (.+?)(?:, received (\w+))?$/.exec(message) ?? []
  if (expected === '') return message
  if (received === 'undefined') return 'is required'
  return received === undefined
    ? `must be ${expected}`
    : `must be ${withArticle(expected)}, not ${withArticle(received)}`
}

function withArticle(type: string): string {
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`
}
