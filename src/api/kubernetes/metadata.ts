import { z } from 'zod'
import { mapValue, optional } from '../schema/absent.ts'
import { listOf, text } from '../schema/bounds.ts'
import { MAX_NAME } from '../schema/object-name.ts'

/** More than the API server ever writes as a UID, a version or a time. */
const SHORT = 256

/** Kubernetes: the annotations of an object have 256 KiB at most, all together. */
const MAX_VALUE = 262_144

/** The members of labels or annotations that are read; the others, which people choose freely, are not looked at. */
export function valuesOf(...keys: readonly string[]) {
  return z.object(Object.fromEntries(keys.map(key => [key, mapValue(text(MAX_VALUE)).optional()])))
}

/**
 * The part of ObjectMeta that rules and controllers read. Names are optional because an object that comes with
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

const ownerReference = z.object({
  kind: optional(text(MAX_NAME)),
  name: optional(text(MAX_NAME)),
  uid: text(SHORT),
  controller: optional(z.boolean()),
})

/**
 * Who owns an object: the garbage collector deletes it after them, and one of them at the most controls it. That one
 * is kept, for nothing is asked about the others, and anybody may name some for an object of their own.
 */
export const ownerReferences = listOf(ownerReference, 64).transform(owners =>
  owners.filter(({ controller }) => controller === true).slice(0, 1),
)

/** The object that controls this one. */
export function controllerOf(meta: { ownerReferences?: z.infer<typeof ownerReferences> | undefined }) {
  return meta.ownerReferences?.find(({ controller }) => controller === true)
}

export type ObjectMeta = z.infer<typeof objectMeta>
