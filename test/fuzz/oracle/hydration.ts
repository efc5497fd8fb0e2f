import { isDeepStrictEqual } from 'node:util'
import { HYDRATOR_IMAGE } from './cluster.ts'
import { at, listAt, mapAt, textAt } from './json.ts'
import { ALPHANUMERIC, isObjectName, isOneOf, madeOf } from './names.ts'

/** Metadata that systems obey and that adds no container to a pod. */
const HARMLESS = [
  'azure.workload.identity/use',
  'azure.workload.identity/service-account-token-expiration',
  'kueue.x-k8s.io/queue-name',
  'kueue.x-k8s.io/priority-class',
  'scheduling.volcano.sh/queue-name',
  'sidecar.istio.io/inject',
  'linkerd.io/inject',
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
  'karpenter.sh/do-not-disrupt',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
]

/** What a ModelCache may not put on its Job, its pod and its claim. Existing metadata stays. */
export function ofHydrationMetadata(cache: unknown, old: unknown): Set<string> {
  return new Set([
    ...ofMetadata(cache, old, 'spec', 'hydration'),
    ...ofMetadata(cache, old, 'spec', 'storage', 'pvc'),
  ])
}

function ofMetadata(cache: unknown, old: unknown, ...owner: string[]): Set<string> {
  const reasons = new Set<string>()
  const maps = (object: unknown) => ['labels', 'annotations'].map(kind => mapAt(object, ...owner, kind))
  if (old !== undefined && isDeepStrictEqual(maps(cache), maps(old))) return reasons
  const [labels = {}, annotations = {}] = maps(cache)
  const texts = [labels, annotations].flatMap(map => Object.entries(map).flat())
  if (Buffer.byteLength(texts.join('')) > 16 * 1024) return new Set(['HydrationMetadataInvalid'])
  const isLabelValue = (value: unknown) => value === '' || isName(value)
  for (const [key, value] of Object.entries(labels))
    reasons.add(isKey(key) && isLabelValue(value) ? ofKey(key) : 'HydrationMetadataInvalid')
  for (const key of Object.keys(annotations))
    reasons.add(isKey(key) ? ofKey(key) : 'HydrationMetadataInvalid')
  reasons.delete('')
  return reasons
}

function ofKey(key: string): string {
  return !key.includes('/') || HARMLESS.includes(key) ? '' : 'HydrationMetadataNotAllowed'
}

function isKey(key: string): boolean {
  const cut = key.lastIndexOf('/')
  return isName(key.slice(cut + 1)) && (cut === -1 || isObjectName(key.slice(0, cut)))
}

function isName(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 63) return false
  return (
    isOneOf(value[0], ALPHANUMERIC) &&
    isOneOf(value.at(-1), ALPHANUMERIC) &&
    madeOf(value, `${ALPHANUMERIC}-_.`)
  )
}

/** Whether a pod with the name of a hydration pod has more than the one container that its Job asks for. */
export function isHydrationTouched(pod: unknown, isCreated: boolean): boolean {
  const names = [textAt(pod, 'metadata', 'name'), textAt(pod, 'metadata', 'generateName')]
  if (!names.some(name => name?.startsWith('modelcache--'))) return false
  const claims = listAt(pod, 'spec', 'volumes').filter(volume =>
    textAt(volume, 'persistentVolumeClaim', 'claimName')?.startsWith('modelcache--'),
  )
  const volumes = new Set(claims.map(volume => textAt(volume, 'name')))
  const isTouching = (container: unknown) =>
    ['volumeMounts', 'volumeDevices'].some(list =>
      listAt(container, list).some(mount => volumes.has(textAt(mount, 'name') ?? '')),
    )
  const containers = (list: string) => listAt(pod, 'spec', list)
  if (!isCreated) return containers('ephemeralContainers').some(isTouching)
  const image = textAt(pod, 'metadata', 'annotations', HYDRATOR_IMAGE) ?? ''
  const hydrators = containers('containers').filter(container => textAt(container, 'name') === 'hydrate')
  const others = containers('containers').filter(container => textAt(container, 'name') !== 'hydrate')
  const isOther = (container: unknown) => {
    const given = textAt(container, 'image') ?? ''
    return given !== image && !given.startsWith(`${image}@sha256:`)
  }
  return (
    [...others, ...containers('initContainers')].some(isTouching) ||
    hydrators.some(isOther) ||
    at(pod, 'spec', 'shareProcessNamespace') === true ||
    at(pod, 'spec', 'hostPID') === true
  )
}
