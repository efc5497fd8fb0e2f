import { z } from 'zod'

/**
 * The part of ObjectMeta that rules and controllers read. Everything else passes through untouched.
 * Names are optional because an object that comes with `generateName` has none yet during admission.
 */
export const objectMeta = z.looseObject({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})

/** ObjectMeta of an object that the API server has stored: it always has a name. */
export const storedObjectMeta = objectMeta.extend({ name: z.string() })

export type ObjectMeta = z.infer<typeof objectMeta>
