import { z } from 'zod'

/**
 * What null means in every schema of Kubernetes data: the same as absence. When Go reads null it leaves the
 * member alone, and the API server removes null members of a custom resource before it calls anybody. So
 * rules never see null.
 */
export function optional<T extends z.ZodType>(schema: T): z.ZodOptional<T> {
  // The type is that of an optional member, which zod cannot infer from a transformation.
  return schema.nullish().transform(value => value ?? undefined) as unknown as z.ZodOptional<T>
}

/** A value in a map of strings. Here null means the empty text, and its key stays. */
export function mapValue(text: z.ZodString) {
  return text.nullable().transform(value => value ?? '')
}

/**
 * The schema of one of our custom resources, applied to what the API server leaves of it. `nullable` names
 * the members whose null it keeps, because the CRD says so.
 */
export function customResource<T extends z.ZodObject>(
  schema: T,
  nullable: readonly string[] = [],
): z.ZodType<z.output<T>, z.input<T>> {
  const pruned = (object: unknown) => withoutNullsOf(object, nullable)
  return z.preprocess(pruned, z.compile(schema)) as z.ZodType<z.output<T>, z.input<T>>
}

/**
 * Removes null members of objects and null values of maps, but not elements of lists. Metadata is a built-in
 * type and has its own schema.
 */
function withoutNullsOf(object: unknown, nullable: readonly string[]): unknown {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return object
  return { ...Object(withoutNulls(object, nullable)), metadata: object.metadata }
}

/** No schema of ours is deeper. What lies below is not read, and must not overflow the stack. */
const MAX_DEPTH = 32

/** What has no such member stays the same object: most have none, and every review of ours comes by here. */
function withoutNulls(value: unknown, nullable: readonly string[], depth = MAX_DEPTH): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  if (Array.isArray(value)) {
    const items = value.map(item => withoutNulls(item, nullable, depth - 1))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  let isSame = true
  const members: [string, unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    const kept = withoutNulls(member, nullable, depth - 1)
    if (member === null && !nullable.includes(name)) isSame = false
    else members.push([name, kept])
    if (kept !== member) isSame = false
  }
  return isSame ? value : Object.fromEntries(members)
}
