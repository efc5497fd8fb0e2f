import { z } from 'zod'
import { mapValue, optional } from '../schema/absent.ts'
import { listOf, text } from '../schema/bounds.ts'
import { MAX_NAME } from '../schema/object-name.ts'

/** Longer than any UID, version or time that the API server writes. */
const SHORT = 256

/** Kubernetes: all annotations of an object together have at most 256 KiB. */
const MAX_VALUE = 262_144

/** The labels or annotations that we read. We ignore the others, which people choose freely. */
export function valuesOf(...keys: readonly string[]) {
  return z.object(Object.fromEntries(keys.map(key => [key, mapValue(text(MAX_VALUE)).optional()])))
}

/**
 * The part of ObjectMeta that rules and controllers read. The name is optional, because an object with
 * `generateName` has none yet during admission.
 */
export const objectMeta = z.object({
  name: optional(text(MAX_NAME)),
  generateName: optional(text(MAX_NAME)),
  namespace: optional(text(MAX_NAME)),
  uid: optional(text(SHORT)),
  resourceVersion: optional(text(SHORT)),
  generation: optional(z.number()),
  creationTimestamp: optional(text(SHORT)),
  deletionTimestamp: optional(text(SHORT)),
})

/** ObjectMeta of an object that the API server has stored: it always has a name. */
export const storedObjectMeta = objectMeta.extend({ name: text(MAX_NAME) })

/** The API server takes an owner of any name, and no object has a longer one than this. */
const ownerName = z.string().transform(name => (name.length <= MAX_NAME ? name : undefined))

const ownerReference = z.object({
  kind: optional(ownerName),
  name: optional(ownerName),
  uid: text(SHORT),
  controller: optional(z.boolean()),
})

/**
 * The owners of an object. The garbage collector deletes the object after them, and at most one of them
 * controls it. We keep only that one: nothing asks about the others, and anybody may add some to their own
 * object.
 */
export const ownerReferences = listOf(ownerReference, 64).transform(owners =>
  owners.filter(({ controller }) => controller === true).slice(0, 1),
)

/** The object that controls this one. */
export function controllerOf(meta: { ownerReferences?: z.infer<typeof ownerReferences> | undefined }) {
  return meta.ownerReferences?.find(({ controller }) => controller === true)
}

/** An object that controls another one. */
export interface Owner {
  kind: string
  name: string
  uid: string
}

/** A reference to a controller, if it is complete. */
export function asOwner(reference: ReturnType<typeof controllerOf>): Owner | undefined {
  const { kind, name, uid } = reference ?? {}
  return kind === undefined || name === undefined || uid === undefined ? undefined : { kind, name, uid }
}

export type ObjectMeta = z.infer<typeof objectMeta>
