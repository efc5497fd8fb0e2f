import type { ClusterView } from '../admission/cluster-view.ts'
import { GROUP } from '../api/group.ts'
import { inferenceCluster } from '../api/inference-cluster.ts'
import { claimsOf } from '../api/managed-claim.ts'
import { type ModelCache, modelCache } from '../api/modelcache.ts'
import { namespace } from '../api/namespace.ts'
import { persistentVolumeClaim } from '../api/persistent-volume-claim.ts'
import { resourceQuota } from '../api/resource-quota.ts'
import { sourceIdentity } from '../api/source-identity.ts'
import { storageClass } from '../api/storage-class.ts'
import { storageProfile } from '../api/storage-profile.ts'
import type { Violation } from '../api/violation.ts'
import { objectKey } from '../kube/object-key.ts'
import { type Held, type HeldKind, holdObjects, keyOf, together } from './held-objects.ts'
import type { Manifest } from './manifest.ts'

/** A cluster without a single object. Its namespaces are taken to exist: manifests seldom bring theirs. */
export const EMPTY_CLUSTER: ClusterView = {
  modelCache: () => undefined,
  modelCachesOfSource: () => [],
  modelCacheOfClaim: () => undefined,
  storageClass: () => undefined,
  storageClasses: () => [],
  storageProfile: () => undefined,
  claim: () => undefined,
  namespace: name => ({ metadata: { name } }),
  consumer: () => undefined,
  consumers: () => [],
  resourceQuotas: () => [],
  inferenceClusters: () => [],
}

const core = <T>(kind: string, schema: HeldKind<T>['schema']) => ({
  group: '',
  kind,
  namespaced: true,
  schema,
})
const ofCluster = <T>(group: string, kind: string, schema: HeldKind<T>['schema']) => ({
  group,
  kind,
  namespaced: false,
  schema,
})

/**
 * The cluster that manifests describe, laid over `base`, which is empty or a real one: an object of the input hides that of
 * the same name, and of two in the input the later one counts, as if all were applied in turn. `malformed` has those that a
 * cluster would not take, and that the view lacks.
 */
export function inputView(
  manifests: readonly Manifest[],
  base: ClusterView,
): { view: ClusterView; malformed: ReadonlyMap<Manifest, Violation> } {
  const malformed = new Map<Manifest, Violation>()
  const hold = <T extends Parameters<typeof keyOf>[0]>(
    kind: HeldKind<T>,
    stored: Parameters<typeof holdObjects>[2] = () => undefined,
  ): Held<T> => holdObjects(manifests, kind, stored, malformed)

  const caches = hold(
    { group: GROUP, kind: 'ModelCache', namespaced: true, schema: modelCache },
    base.modelCache,
  )
  const claims = hold(core('PersistentVolumeClaim', persistentVolumeClaim), base.claim)
  const namespaces = hold(ofCluster('', 'Namespace', namespace), (_, name) => base.namespace(name))
  const classes = hold(ofCluster('storage.k8s.io', 'StorageClass', storageClass), (_, name) =>
    base.storageClass(name),
  )
  const profiles = hold(ofCluster('cdi.kubevirt.io', 'StorageProfile', storageProfile), (_, name) =>
    base.storageProfile(name),
  )
  const clusters = hold(ofCluster(GROUP, 'InferenceCluster', inferenceCluster))
  const quotas = hold(core('ResourceQuota', resourceQuota))

  const bySource = indexed(caches, ({ spec }) => sourceIdentity(spec) ?? [])
  const byClaim = indexed(caches, claimsOf)

  const view: ClusterView = {
    ...base,
    modelCache: (of, name) => caches.get(objectKey(of, name)) ?? base.modelCache(of, name),
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
    storageClass: name => classes.get(objectKey(undefined, name)) ?? base.storageClass(name),
    storageClasses: () => together(classes, base.storageClasses()),
    storageProfile: name => profiles.get(objectKey(undefined, name)) ?? base.storageProfile(name),
    claim: (of, name) => claims.get(objectKey(of, name)) ?? base.claim(of, name),
    namespace: name => namespaces.get(objectKey(undefined, name)) ?? base.namespace(name),
    resourceQuotas: of => together(quotas, base.resourceQuotas(of), of),
    inferenceClusters: () => together(clusters, base.inferenceClusters()),
  }
  return { view, malformed }
}

/** Looks objects of namespaces up by something else than their names: by `objectKey` of the namespace and each of `keysOf`. */
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
