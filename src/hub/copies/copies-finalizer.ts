import { COPIES_FINALIZER, HUB_MANAGER } from '../../api/names.ts'
import { writeFinalizer } from '../../controller/finalizer.ts'
import { objectPath, type Resource, type StoredObject } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { unlessChanged } from '../unless-missing.ts'

/** Adds the finalizer that keeps an object of the hub for its copies, or removes it. */
export async function writeCopiesFinalizer(
  resource: Resource<StoredObject>,
  { metadata }: StoredObject,
  present: boolean,
  { rest, signal }: { rest: Pick<Rest, 'get' | 'jsonMerge'>; signal: AbortSignal },
): Promise<void> {
  const path = objectPath(resource, metadata.namespace, metadata.name)
  const write = { finalizer: COPIES_FINALIZER, present, rest, fieldManager: HUB_MANAGER, signal }
  await writeFinalizer(path, metadata, write).catch(unlessChanged)
}
