import { z } from 'zod'

/**
 * What null means, for every schema of what Kubernetes gives: as much as absence. Go leaves a member alone for which
 * it reads null, and of a custom resource the API server removes such members before anybody is asked. So rules never
 * see null.
 */
export function optional<T extends z.ZodType>(schema: T): z.ZodOptional<T> {
  // The type is that of a member that may be left out, which zod cannot tell of a transformation.
  return schema.nullish().transform(value => value ?? undefined) as unknown as z.ZodOptional<T>
}

/** A value of a map of strings: there a null is the empty text, and its key is there. */
export function mapValue(text: z.ZodString) {
  return text.nullable().transform(value => value ?? '')
}

/** The schema of a custom resource of ours, of which is read what the API server leaves of it. */
export function customResource<T extends z.ZodObject>(schema: T): z.ZodType<z.output<T>, z.input<T>> {
  return z.preprocess(pruned, z.compile(schema)) as z.ZodType<z.output<T>, z.input<T>>
}

/**
 * Members of objects and values of maps go, not elements of lists. Metadata is of a built-in type, and left to its
 * own schema.
 */
function pruned(object: unknown): unknown {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return object
  return { ...Object(withoutNulls(object)), metadata: object.metadata }
}

/** No schema of ours is as deep. What anybody writes below that is not read, and must not fill the stack. */
const MAX_DEPTH = 32

function withoutNulls(value: unknown, depth = MAX_DEPTH): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, depth - 1))
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member, depth - 1)]))
}
