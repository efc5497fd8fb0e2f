import { NAMESPACE } from '../api/fixtures.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import type { ConsumerPod } from '../api/kubernetes/consumer-pod.ts'
import type { Namespace } from '../api/kubernetes/namespace.ts'
import type { Node } from '../api/kubernetes/node.ts'
import type { PersistentVolume } from '../api/kubernetes/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../api/kubernetes/persistent-volume-claim.ts'
import type { ResourceQuota } from '../api/kubernetes/resource-quota.ts'
import type { StorageClass } from '../api/kubernetes/storage-class.ts'
import type { StorageProfile } from '../api/kubernetes/storage-profile.ts'
import { ownsClaim } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { sourceIdentity } from '../api/source-identity.ts'
import type { StoredObject } from '../kube/resource.ts'
import { type AdmissionRequest, admissionReview } from './admission-review.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Decision } from './decision.ts'
import type { Finding } from './finding.ts'
import type { Policy } from './policy.ts'

/** A view of a cluster with exactly these objects. */
export function aView(
  held: {
    caches?: ModelCache[]
    classes?: StorageClass[]
    profiles?: StorageProfile[]
    claims?: PersistentVolumeClaim[]
    volumes?: PersistentVolume[]
    consumers?: ConsumerPod[]
    namespaces?: Namespace[]
    nodes?: Node[]
    quotas?: ResourceQuota[]
    inferenceClusters?: InferenceCluster[]
  } = {},
): ClusterView {
  const { caches = [] } = held
  const objects: { [K in RuleKind]: readonly RuleKinds[K][] } = {
    InferenceCluster: held.inferenceClusters ?? [],
    ModelCache: caches,
    Namespace: held.namespaces ?? [],
    Node: held.nodes ?? [],
    PersistentVolume: held.volumes ?? [],
    PersistentVolumeClaim: held.claims ?? [],
    Pod: held.consumers ?? [],
    ResourceQuota: held.quotas ?? [],
    StorageClass: held.classes ?? [],
    StorageProfile: held.profiles ?? [],
  }
  return {
    get<K extends RuleKind>(kind: K, namespace: string | undefined, name: string) {
      const all: readonly RuleKinds[K][] = objects[kind]
      const found = all.find(each => each.metadata.name === name && isWithin(each, namespace))
      // Namespaces that nobody mentions exist.
      return found ?? (kind === 'Namespace' ? ({ metadata: { name } } as RuleKinds[K]) : undefined)
    },
    list<K extends RuleKind>(kind: K, namespace?: string) {
      const all: readonly RuleKinds[K][] = objects[kind]
      return all.filter(each => isWithin(each, namespace))
    },
    modelCacheOfClaim: (namespace, claimName) =>
      caches.find(cache => cache.metadata.namespace === namespace && ownsClaim(cache, claimName)),
    modelCachesOfSource: (namespace, source) =>
      caches.filter(
        ({ metadata, spec }) => metadata.namespace === namespace && sourceIdentity(spec) === source,
      ),
  }
}

/** Objects of kinds without namespaces have none. */
function isWithin({ metadata }: StoredObject, namespace: string | undefined): boolean {
  return namespace === undefined || metadata.namespace === namespace
}

export const JOB_CONTROLLER = 'system:serviceaccount:kube-system:job-controller'
export const CONTROLLER = 'system:serviceaccount:modelcache-system:modelcache-controller'

/** The policy of an administrator who has set nothing. */
export function aPolicy(given: Partial<Policy> = {}): Policy {
  return {
    unknownProvisioner: 'Deny',
    jobControllers: [JOB_CONTROLLER, 'system:kube-controller-manager'],
    controllerUser: CONTROLLER,
    ...given,
  }
}

/** A review as the API server sends it, before it is parsed. */
export function aReview(request: Record<string, unknown> = {}) {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: NAMESPACE,
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: null,
      oldObject: null,
      dryRun: false,
      options: null,
      ...request,
    },
  }
}

export function aRequest(request: Record<string, unknown> = {}): AdmissionRequest {
  return admissionReview.parse(aReview(request)).request
}

/** The findings of a denial; empty if it is allowed. */
export function findingsOf(decision: Decision): readonly Finding[] {
  return decision.allowed ? [] : decision.findings
}

export function reasonsOf(decision: Decision): string[] {
  return findingsOf(decision).map(({ violation }) => violation.reason)
}

/** The text of the only finding. */
export function textOf(decision: Decision): string {
  const [first, ...rest] = findingsOf(decision)
  if (first === undefined || rest.length > 0) throw new Error(`not one finding: ${JSON.stringify(decision)}`)
  return first.violation.text
}
