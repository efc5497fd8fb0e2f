import type { Container, Pod, PodSpec, VolumeMount } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { cleanPath } from '../../api/mount-path.ts'
import { CACHE_READY_GATE, INJECTED } from '../../api/names.ts'
import { quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { hasSnapshotAt } from '../../api/volume-layout.ts'
import { subPathOf, waitingMount } from '../../injection/cache-mount.ts'
import { digestVariable } from '../../injection/digest-variable.ts'
import { PENDING, readRecord } from '../../injection/record.ts'
import type { ClusterView } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'
import { type ManagedClaim, managedClaim } from '../managed-claim.ts'
import type { Subject } from './subject.ts'

/**
 * Whatever a pod mounts of a managed claim is a snapshot that the cache's status lists. kubelet creates a
 * missing folder, even on a read-only volume, so any other mount would show an empty folder and confuse the
 * hydration Job. A pod may also mount the whole claim.
 */
export function snapshotUnknown({ request, pod, view }: Subject): readonly Finding[] {
  const namespace = request.namespace ?? ''
  const managed = managedVolumes(pod.spec, namespace, view)
  const findings = new Map<string, Finding>()
  for (const container of allContainers(pod.spec)) {
    for (const mount of container.volumeMounts ?? []) {
      const volume = managed.get(mount.name)
      if (volume === undefined || findings.has(volume.claimName)) continue
      if (isWhole(mount) || isSnapshot(mount, volume.owner) || isAwaited(mount, volume.owner, container, pod))
        continue
      findings.set(volume.claimName, finding(container, mount, volume, namespace))
    }
  }
  return [...findings.values()]
}

interface ManagedVolume extends ManagedClaim {
  claimName: string
}

function managedVolumes(
  { volumes }: PodSpec,
  namespace: string,
  view: ClusterView,
): ReadonlyMap<string, ManagedVolume> {
  return new Map(
    (volumes ?? []).flatMap(({ name, persistentVolumeClaim: source }) => {
      const claim = source && managedClaim(namespace, source.claimName, view)
      return claim ? [[name, { ...claim, claimName: source.claimName }] as const] : []
    }),
  )
}

function allContainers({ containers, initContainers, ephemeralContainers }: PodSpec): Container[] {
  return [...containers, ...(initContainers ?? []), ...(ephemeralContainers ?? [])]
}

function isWhole({ subPath, subPathExpr }: VolumeMount): boolean {
  return cleanPath(subPath ?? '') === '/' && !subPathExpr
}

function isSnapshot({ subPath, subPathExpr }: VolumeMount, owner: ModelCache | undefined): boolean {
  const folder = cleanPath(subPath ?? '').slice(1)
  return owner !== undefined && !subPathExpr && hasSnapshotAt(owner, folder)
}

/**
 * Whether this is the mount of a waiting pod. Only the controller writes the digest, before any container
 * starts.
 */
function isAwaited(
  { subPath, subPathExpr: expression }: VolumeMount,
  owner: ModelCache | undefined,
  { env }: Container,
  { metadata, spec }: Pod,
): boolean {
  const expected = owner && waitingMount(owner)
  if (expected?.kind !== 'awaited' || subPath || expression !== subPathOf(expected).subPathExpr) return false
  const { name, fieldPath } = digestVariable(expected.cache)
  const variables = (env ?? []).filter(entry => entry.name === name)
  return (
    variables.length > 0 &&
    variables.every(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath === fieldPath) &&
    readRecord(metadata.annotations?.[INJECTED]).get(expected.cache) === PENDING &&
    spec.schedulingGates?.some(gate => gate.name === CACHE_READY_GATE) === true
  )
}

function finding(
  { name }: Container,
  { subPath, subPathExpr }: VolumeMount,
  { claimName, owner, basis }: ManagedVolume,
  namespace: string,
): Finding {
  const cache =
    owner === undefined ? 'its ModelCache, which is gone' : `ModelCache ${namespace}/${owner.metadata.name}`
  const asking = owner === undefined ? 'create the ModelCache first' : `ask for ${owner.metadata.name}`
  const folder = quote(subPath || subPathExpr || '')
  const text = `container ${name} mounts folder ${folder} of claim ${claimName}, which is not a snapshot of ${cache}; remove the mount, and ${asking} with annotation modelplane.ai/caches`
  return error(violation('SnapshotUnknown', 'spec.containers', text), basis)
}
