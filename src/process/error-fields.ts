const MAX_DEPTH = 4
const MAX_TEXT = 1_000

/**
 * What the log says about an error. An error may carry whole requests and answers in its members (headers
 * with a token, a body), so we take only what distinguishes faults: names, codes, words, and where it was
 * thrown.
 */
export function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const { cause } = error
  return {
    type: error.constructor.name,
    message: redacted(error),
    ...plain(error, 'code'),
    ...plain(error, 'status'),
    ...plain(error, 'statusCode'),
    ...plain(error, 'reason'),
    stack: framesOf(error),
    ...(cause !== undefined && depth < MAX_DEPTH && { cause: errorFields(cause, depth + 1) }),
    ...(error instanceof AggregateError &&
      depth < MAX_DEPTH && { errors: error.errors.slice(0, 5).map(each => errorFields(each, depth + 1)) }),
  }
}

/** JSON.parse quotes the text that it could not read. */
function redacted(error: Error): string {
  const words = error instanceof SyntaxError ? error.message.replace(/["'].*["']/s, '…') : error.message
  return words.slice(0, MAX_TEXT)
}

/** The stack without its first lines, which repeat the message. */
function framesOf(error: Error): string {
  const lines = error.stack?.split('\n') ?? []
  return lines.filter(line => /^ {4}at .*[:(]/.test(line)).join('\n')
}

function plain(error: Error, name: string): Record<string, string | number> {
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value
  return typeof value === 'string' || typeof value === 'number' ? { [name]: value } : {}
}
