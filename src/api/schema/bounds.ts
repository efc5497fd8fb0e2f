import { z } from 'zod'
import { cut } from './text.ts'

/** The default limit of etcd for the bytes of an object. No string within an object is longer. */
export const MAX_OBJECT = 1_572_864

/**
 * Text of at most `max` characters. Longer text is rejected before anything else looks at it, above all
 * before any regular expression.
 */
export function text(max: number) {
  return z.string().max(max, { abort: true })
}

/**
 * The first `max` characters of a text of any length. Only for text that people read and that decides
 * nothing.
 */
export function startOf(max: number) {
  return z.string().transform(given => cut(given, max))
}

/** A list of at most `max` items. The items are counted before the first one is read. */
export function listOf<T extends z.ZodType>(item: T, max: number, min = 0) {
  return z.preprocess((given, context) => {
    if (Array.isArray(given) && given.length > max)
      context.addIssue(`has ${given.length} items, but at most ${max} are allowed`)
    return given
  }, z.array(item).min(min).max(max))
}

/** How large a map may be. */
export interface MapBounds {
  entries: number
  /** Characters of a key. */
  key: number
  /** The minimum of entries, for the schema of the CRD only. Elsewhere a rule says it in better words. */
  min?: number
}

/**
 * A map with keys that people choose. The entries are counted before the first one is read. The result is the
 * map itself, because `z.record` drops the key `__proto__`, and we must check exactly what is stored.
 */
export function mapOf<V>(value: z.ZodType<V>, { entries: max, key: maxKey, min = 0 }: MapBounds) {
  const { $schema, ...additionalProperties } = z.toJSONSchema(value, { target: 'openapi-3.0', io: 'input' })
  if (additionalProperties['x-kubernetes-int-or-string'] === true) delete additionalProperties.anyOf
  const schema = {
    type: 'object',
    additionalProperties,
    maxProperties: max,
    ...(min > 0 && { minProperties: min }),
  }
  return z
    .unknown()
    .transform((given, context): Readonly<Record<string, V>> => {
      const found = boundsProblem(given, max, maxKey)
      if (found !== undefined) {
        context.addIssue(found)
        return z.NEVER
      }
      const map = given as Readonly<Record<string, V>>
      for (const [key, member] of Object.entries(map)) {
        const issue = value.safeParse(member).error?.issues[0]
        if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message, path: [key] })
      }
      return map
    })
    .meta(schema)
}

function boundsProblem(given: unknown, max: number, maxKey: number): string | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return 'Invalid input: expected a map'
  const keys = Object.keys(given)
  if (keys.length > max) return `has ${keys.length} entries, but at most ${max} are allowed`
  const long = keys.find(key => key.length > maxKey)
  return long && `has a key of ${long.length} characters, but at most ${maxKey} are allowed`
}
