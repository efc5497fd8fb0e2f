import { at, listAt, mapAt, textAt } from './json.ts'
import { isDigest, labelFor } from './names.ts'

/** What a cluster has that rules ask about. */
export const KINDS = [
  'caches',
  'classes',
  'profiles',
  'claims',
  'pods',
  'namespaces',
  'inferenceClusters',
] as const

/** What the administrator has chosen. */
export interface Choices {
  /** What to do with a class whose provisioner nobody has attested. */
  unknownProvisioner: 'Deny' | 'Warn'
  /** The InferenceCluster for this cluster. Absent means the only one. */
  clusterName?: string
}

/** The stored objects of a cluster, as plain JSON, by kind. */
export type Cluster = Record<(typeof KINDS)[number], unknown[]> & Choices

export const EMPTY_CLUSTER: Cluster = {
  caches: [],
  classes: [],
  profiles: [],
  claims: [],
  pods: [],
  namespaces: [],
  inferenceClusters: [],
  unknownProvisioner: 'Deny',
}

export const CACHES = 'modelplane.ai/caches'
export const CONTAINERS = 'modelplane.ai/cache-containers'
export const NOT_READY = 'modelplane.ai/not-ready'
export const INJECTED = 'modelplane.ai/injected'
export const HYDRATOR_IMAGE = 'modelplane.ai/hydrator-image'
export const CONSUMER = 'modelplane.ai/cache-consumer'
export const GATE = 'modelplane.ai/cache-ready'
export const ALLOW_DELETE_IN_USE = 'modelplane.ai/allow-delete-in-use'
export const LEADER_NAME = 'leaderworkerset.sigs.k8s.io/leader-name'

/** Null means the empty text there. */
export function annotation(object: unknown, name: string): string | undefined {
  const value = at(object, 'metadata', 'annotations', name)
  return value === null ? '' : textAt(object, 'metadata', 'annotations', name)
}

export function named(objects: unknown[], name: string | undefined, namespace?: string): unknown {
  return objects.find(
    object =>
      textAt(object, 'metadata', 'name') === name &&
      (namespace === undefined || textAt(object, 'metadata', 'namespace') === namespace),
  )
}

export function nameOf(object: unknown): string {
  return textAt(object, 'metadata', 'name') ?? ''
}

export function isBeingDeleted(object: unknown): boolean {
  return textAt(object, 'metadata', 'deletionTimestamp') !== undefined
}

export function backendOf(cache: unknown): string {
  return textAt(cache, 'spec', 'storage', 'backend') ?? 'PVC'
}

export const SOURCES = [
  ...['huggingFace', 's3', 'http', 'oci', 'inline', 'configMap'],
  ...['gcs', 'azure', 'pvcClone'],
]

/** Whether this project fills the claim, or a folder of it. */
export function isStaged(cache: unknown): boolean {
  const source = mapAt(cache, 'spec', 'artifact', 'source')
  return backendOf(cache) !== 'ExistingPVC' || SOURCES.some(name => at(source, name) !== undefined)
}

/** The claim that a staged cache is on, and the folder of it that is the cache's. */
export function placeOf(cache: unknown): { claim: string; folder: string } {
  const isOfOthers = backendOf(cache) === 'ExistingPVC'
  const existing = isOfOthers ? at(cache, 'spec', 'storage', 'existingPVC') : undefined
  const claim = textAt(existing, 'name') ?? managedClaimOf(cache)
  const subPath = textAt(existing, 'subPath')
  if (subPath === undefined) return { claim, folder: '' }
  let end = subPath.length
  while (subPath[end - 1] === '/') end -= 1
  return { claim, folder: `${subPath.slice(0, end)}/` }
}

/** The claim that this project fills for a cache of backend PVC. */
export function managedClaimOf(cache: unknown): string {
  return textAt(cache, 'status', 'claimName') ?? labelFor(nameOf(cache))
}

/**
 * Whether a cache can be mounted: the controller says Ready and what to mount, and the cache is not being
 * deleted.
 */
export function isMountable(cache: unknown): boolean {
  const isReady = listAt(cache, 'status', 'conditions').some(
    condition => at(condition, 'type') === 'Ready' && at(condition, 'status') === 'True',
  )
  if (isBeingDeleted(cache) || !isReady) return false
  // A cache of other clusters has no claim in this one.
  if (textAt(cache, 'status', 'claimName') === undefined) return false
  return !isStaged(cache) || isDigest(at(cache, 'status', 'resolvedDigest'))
}

/** The pods of a namespace that got caches. */
export function consumersIn({ pods }: Cluster, namespace: string): unknown[] {
  return pods.filter(
    pod =>
      textAt(pod, 'metadata', 'namespace') === namespace &&
      mapAt(pod, 'metadata', 'labels')[CONSUMER] === 'true',
  )
}

/**
 * What a pod's record says about each cache: `cache=identity`, separated by commas. The last of two entries
 * counts.
 */
export function recordOf(pod: unknown): Map<string, string> {
  const said = new Map<string, string>()
  for (const entry of (annotation(pod, INJECTED) ?? '').split(',')) {
    const [cache = '', identity = ''] = entry.split('=')
    said.set(cache, identity)
  }
  return said
}

/** The claims of a pod's volumes, by volume. */
export function claimsByVolume(spec: unknown): Map<unknown, string> {
  const claims = new Map<unknown, string>()
  for (const volume of listAt(spec, 'volumes')) {
    const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
    if (claim !== undefined) claims.set(at(volume, 'name'), claim)
  }
  return claims
}

export function isGated(pod: unknown): boolean {
  return listAt(pod, 'spec', 'schedulingGates').some(gate => at(gate, 'name') === GATE)
}
