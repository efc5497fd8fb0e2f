import type { ClusterView } from '../admission/cluster-view.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import { ownsClaim } from '../api/managed-claim.ts'
import { managedName } from '../api/managed-name.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { sourceIdentity } from '../api/source-identity.ts'
import type { Stores } from '../cluster/stores.ts'
import { objectKey } from '../kube/object-key.ts'
import type { StoredObject } from '../kube/resource.ts'
import type { ReadableStore } from '../kube/store.ts'
import { indexStore } from '../kube/store-index.ts'

/** The kinds that rules ask about. */
export const RULE_KINDS = [
  'InferenceCluster',
  'ModelCache',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'ResourceQuota',
  'StorageClass',
  'StorageProfile',
] as const satisfies readonly RuleKind[]

/**
 * Kinds that a webhook lists after it is ready. If a rule finds no pod, a live read confirms that. In a large
 * cluster, the list of pods takes longer than any other.
 */
export const LATER_KINDS = ['Pod'] as const satisfies readonly RuleKind[]

type Listed = (namespace: string) => Iterable<StoredObject>

/** The view that rules read, on top of the stores. Each look-up answers from memory as of the last event. */
export function createClusterView(stores: Stores<RuleKind>): ClusterView {
  const byReportedClaim = indexStore(stores.ModelCache, ({ metadata, status }) =>
    status?.claimName === undefined ? undefined : objectKey(metadata.namespace, status.claimName),
  )
  const byClaimName = indexStore(stores.ModelCache, ({ metadata }) =>
    objectKey(metadata.namespace, managedName(metadata.name)),
  )
  const bySource = indexStore(stores.ModelCache, ({ metadata, spec }) => {
    const source = sourceIdentity(spec)
    return source === undefined ? undefined : objectKey(metadata.namespace, source)
  })
  // Rules list these kinds by namespace.
  const byNamespace: { readonly [K in RuleKind]?: Listed } = {
    Pod: indexStore(stores.Pod, namespaceOf),
    ResourceQuota: indexStore(stores.ResourceQuota, namespaceOf),
  }
  const storeOf = <K extends RuleKind>(kind: K): ReadableStore<RuleKinds[K]> => stores[kind]
  return {
    get: (kind, namespace, name) => storeOf(kind).get(namespace, name),
    list<K extends RuleKind>(kind: K, namespace?: string) {
      if (namespace === undefined) return storeOf(kind).values()
      const index = byNamespace[kind] as ((of: string) => Iterable<RuleKinds[K]>) | undefined
      if (index !== undefined) return index(namespace)
      return [...storeOf(kind).values()].filter(object => namespaceOf(object) === namespace)
    },
    modelCachesOfSource: (namespace, source) => bySource(objectKey(namespace, source)),
    /** Status comes first, because only our controller writes it. */
    modelCacheOfClaim(namespace: string, claimName: string): ModelCache | undefined {
      const key = objectKey(namespace, claimName)
      return [...byReportedClaim(key), ...byClaimName(key)].find(cache => ownsClaim(cache, claimName))
    },
  }
}

function namespaceOf({ metadata }: StoredObject): string | undefined {
  return metadata.namespace
}
