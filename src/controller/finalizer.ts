import { z } from 'zod'
import { ApiError } from '../kube/api-error.ts'
import type { StoredObject } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'

export interface FinalizerWrite {
  finalizer: string
  present: boolean
  rest: Pick<Rest, 'get' | 'jsonMerge'>
  fieldManager: string
  signal: AbortSignal
}

const finalized = z.object({
  metadata: z.object({ resourceVersion: z.string(), finalizers: z.array(z.string()).default([]) }),
})

/**
 * Sets or removes a finalizer of the object at `path`, and returns the new version of the object. It writes
 * the whole list, because an apply would leave a finalizer that another field manager has set. Memory holds
 * ours alone, so the list is read first.
 *
 * @throws ApiError with status 409 if the object has changed since we looked.
 */
export async function writeFinalizer(
  path: string,
  { resourceVersion }: StoredObject['metadata'],
  { finalizer, present, rest, fieldManager, signal }: FinalizerWrite,
): Promise<string> {
  const found = finalized.parse(await rest.get(path, { signal })).metadata
  if (found.resourceVersion !== resourceVersion)
    throw new ApiError(409, 'Conflict', `${path} has changed since we looked at it`)
  const others = found.finalizers.filter(each => each !== finalizer)
  const finalizers = present ? [...others, finalizer] : others
  const body = { metadata: { resourceVersion, finalizers } }
  return finalized.parse(await rest.jsonMerge(path, body, { fieldManager, signal })).metadata.resourceVersion
}
