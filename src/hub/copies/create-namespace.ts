import { HUB, HUB_MANAGER } from '../../api/names.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { ApiError, isConflict, isNotFound } from '../../kube/api-error.ts'
import { collectionPath } from '../../kube/resource.ts'
import type { CallOptions, Rest } from '../../kube/rest.ts'

/** Whether a write failed because its namespace does not exist. */
export function lacksNamespace(error: unknown): boolean {
  return isNotFound(error) && error instanceof ApiError && error.message.startsWith('namespaces ')
}

/** Creates a namespace in another cluster, where somebody else may just have done so. Nobody deletes it. */
export async function createNamespace(
  name: string,
  { hubID, rest, call }: { hubID: string; rest: Pick<Rest, 'create'>; call: CallOptions },
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [HUB]: hubID } } }
  const options = { ...call, fieldManager: HUB_MANAGER }
  await rest.create(collectionPath(KINDS.Namespace), body, options).catch(error => {
    if (!isConflict(error)) throw error
  })
}
