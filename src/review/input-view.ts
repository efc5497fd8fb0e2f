import type { ClusterView } from '../admission/cluster-view.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import { claimsOf } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { sourceIdentity } from '../api/source-identity.ts'
import type { Violation } from '../api/violation.ts'
import { objectKey } from '../kube/object-key.ts'
import { type Held, holdObjects, keyOf, together } from './held-objects.ts'
import type { Manifest } from './manifest.ts'

/**
 * A cluster without any object. We assume that its namespaces exist, because manifests seldom contain them.
 */
export const EMPTY_CLUSTER: ClusterView = {
  get: <K extends RuleKind>(kind: K, _namespace: string | undefined, name: string) =>
    kind === 'Namespace' ? ({ metadata: { name } } as RuleKinds[K]) : undefined,
  list: () => [],
  modelCachesOfSource: () => [],
  modelCacheOfClaim: () => undefined,
}

/**
 * The kinds that rules ask about and that manifests can describe. Pods in the input are reviewed; only pods
 * of a cluster have caches.
 */
const HELD_KINDS = [
  'InferenceCluster',
  'ModelCache',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'ResourceQuota',
  'StorageClass',
  'StorageProfile',
] as const satisfies readonly RuleKind[]

/**
 * The cluster that the manifests describe, on top of `base`, which is empty or a real one. An object of the
 * input hides the one of the same name, and of two in the input the later one counts, as if all were applied
 * in turn. `malformed` lists objects that a cluster would not accept. The view lacks those.
 */
export function inputView(
  manifests: readonly Manifest[],
  base: ClusterView,
): { view: ClusterView; malformed: ReadonlyMap<Manifest, Violation> } {
  const malformed = new Map<Manifest, Violation>()
  const held: { [K in RuleKind]?: Held<RuleKinds[K]> } = {}
  const hold = <K extends RuleKind>(kind: K) => {
    held[kind] = holdObjects(manifests, kind, base, malformed) as (typeof held)[K]
  }
  for (const kind of HELD_KINDS) hold(kind)
  const heldOf = <K extends RuleKind>(kind: K): Held<RuleKinds[K]> => held[kind] ?? new Map()
  const caches = heldOf('ModelCache')

  const bySource = indexed(caches, ({ spec }) => sourceIdentity(spec) ?? [])
  const byClaim = indexed(caches, claimsOf)

  const view: ClusterView = {
    get: (kind, namespace, name) =>
      heldOf(kind).get(objectKey(namespace, name)) ?? base.get(kind, namespace, name),
    list: (kind, namespace) => together(heldOf(kind), base.list(kind, namespace), namespace),
    modelCachesOfSource: (of, source) => {
      const known = [...base.modelCachesOfSource(of, source)]
      return [...bySource(objectKey(of, source)), ...known.filter(cache => !caches.has(keyOf(cache)))]
    },
    modelCacheOfClaim(of, claimName) {
      const [stated] = byClaim(objectKey(of, claimName))
      if (stated !== undefined) return stated
      const known = base.modelCacheOfClaim(of, claimName)
      return known && !caches.has(keyOf(known)) ? known : undefined
    },
  }
  return { view, malformed }
}

/**
 * Looks up namespaced objects by something other than their names: by `objectKey` of the namespace and each
 * of `keysOf`.
 */
function indexed(
  caches: Held<ModelCache>,
  keysOf: (cache: ModelCache) => string | readonly string[],
): (key: string) => readonly ModelCache[] {
  const index = new Map<string, ModelCache[]>()
  for (const cache of caches.values()) {
    for (const key of new Set([keysOf(cache)].flat().map(own => objectKey(cache.metadata.namespace, own)))) {
      const others = index.get(key)
      if (others === undefined) index.set(key, [cache])
      else others.push(cache)
    }
  }
  return key => index.get(key) ?? []
}
