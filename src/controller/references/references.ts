import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { Owner } from '../../api/kubernetes/metadata.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import type { TopOwner } from './top-owner.ts'

/** Status names this many. */
const MAX_NAMED = 100

/**
 * The workloads whose pods have got a cache, as `Kind/name`, sorted. A pod that nobody owns stands for
 * itself.
 */
export async function referencesOf(
  users: Iterable<ConsumerPod>,
  namespace: string,
  topOwner: TopOwner,
): Promise<ModelCacheStatus['references']> {
  const owners = new Map<string, Owner>()
  const names = new Set<string>()
  for (const { owner, metadata } of users) {
    if (owner === undefined) names.add(`Pod/${metadata.name}`)
    else owners.set(owner.uid, owner)
  }
  for (const owner of owners.values()) {
    const { kind, name } = await topOwner(namespace, owner)
    names.add(`${kind}/${name}`)
  }
  if (names.size === 0) return undefined
  return { count: names.size, workloads: [...names].toSorted().slice(0, MAX_NAMED) }
}
