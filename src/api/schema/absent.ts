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
  return z.compile(z.preprocess(pruned, schema)) as z.ZodType<z.output<T>, z.input<T>>
}

/**
 * Removes null members of objects and null values of maps, but not elements of lists. Metadata is a built-in
 * type and has its own schema. Most objects have no null, and then nothing is copied.
 */
function withoutNullsOf(object: unknown, nullable: readonly string[]): unknown {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return object
  const { metadata, ...rest } = object
  return hasNulls(rest, nullable) ? { ...Object(withoutNulls(rest, nullable)), metadata } : object
}

/** No schema of ours is deeper. What lies below is not read, and must not overflow the stack. */
const MAX_DEPTH = 32

function withoutNulls(value: unknown, nullable: readonly string[], depth = MAX_DEPTH): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, nullable, depth - 1))
  const kept = Object.entries(value).filter(([name, member]) => member !== null || nullable.includes(name))
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member, nullable, depth - 1)]))
}

function hasNulls(value: unknown, nullable: readonly string[], depth = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null || depth === 0) return false
  if (Array.isArray(value)) {
    for (const item of value) if (hasNulls(item, nullable, depth - 1)) return true
    return false
  }
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name]
    if (member === null ? !nullable.includes(name) : hasNulls(member, nullable, depth - 1)) return true
  }
  return false
}
