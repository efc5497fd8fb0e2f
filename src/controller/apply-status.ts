import { isDeepStrictEqual } from 'node:util'
import { FIELD_MANAGER } from '../api/names.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { isConflict, isNotFound } from '../kube/api-error.ts'
import { objectPath, type Resource, type StoredObject } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'

/** Whether a status is stored as it is. Absent and undefined members are the same on the wire. */
export function isSameStatus(status: object, stored: object | undefined): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(status)), stored)
}

/**
 * Writes the status of one of our objects, or the part of it that belongs to a field manager. A forced apply
 * also removes fields that the same field manager wrote before and leaves out now. Returns false if the
 * object has changed since we looked, or is gone; the next look decides.
 */
export async function applyStatus(
  resource: Resource<StoredObject> & { kind: string },
  { namespace, name, resourceVersion }: StoredObject['metadata'],
  status: object,
  {
    rest,
    signal,
    fieldManager = FIELD_MANAGER,
  }: { rest: Pick<Rest, 'apply'>; signal: AbortSignal; fieldManager?: string },
): Promise<boolean> {
  // With the version, a write that comes from an old look fails instead of overwriting newer data.
  const metadata = { name, namespace, resourceVersion }
  const body = { apiVersion: API_VERSION, kind: resource.kind, metadata, status }
  const path = `${objectPath(resource, namespace, name)}/status`
  try {
    await rest.apply(path, body, { fieldManager, force: true, signal })
    return true
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return false
    throw error
  }
}
