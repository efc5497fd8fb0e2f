import { z } from 'zod'

/**
 * A field that is in the schema only so that it can be denied by name. Whatever it holds, memory keeps no
 * more than that it is there.
 */
export function reserved(type: 'object' | 'string') {
  const any = { 'x-kubernetes-preserve-unknown-fields': true }
  const schema = {
    object: { type, ...any },
    string: { type, maxLength: 4096 },
  }[type]
  return z
    .unknown()
    .transform(() => true)
    .meta(schema)
    .optional()
    .describe('Reserved: not implemented.')
}
