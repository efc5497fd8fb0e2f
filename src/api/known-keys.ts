import { ACCESS_MODES_ANNOTATION } from './kubernetes/storage-class.ts'
import {
  ALLOW_DELETE_IN_USE,
  CACHE_CONSUMER,
  CACHE_CONTAINERS,
  CACHES,
  DEPLOYMENT_OF,
  DIGEST_PREFIX,
  GATE,
  INJECTED,
  NOT_READY,
  NUDGED,
  PAUSED,
  REFETCH,
  ROLLED_OUT,
  ROLLOUT,
  VERIFY,
} from './names.ts'
import { GROUP } from './schema/group.ts'
import { MAX_NAME } from './schema/object-name.ts'

/** What carries labels and annotations of ours. */
export type Bearer = 'pod' | 'workload' | 'modelcache' | 'storageclass'

/** The annotations that people set, by what they set them on. */
export const ANNOTATIONS: Readonly<Record<Bearer, readonly string[]>> = {
  pod: [CACHES, CACHE_CONTAINERS, NOT_READY],
  workload: [ROLLOUT],
  modelcache: [PAUSED, REFETCH, VERIFY, ALLOW_DELETE_IN_USE],
  storageclass: [ACCESS_MODES_ANNOTATION],
}

/** What to call the bearer of an annotation in a message. */
export const PLACES: Readonly<Record<Bearer, string>> = {
  pod: 'the pod template',
  workload: 'the workload',
  modelcache: 'the ModelCache',
  storageclass: 'the StorageClass',
}

/** The annotations that have only these values. All others take any value. */
export const VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  [PAUSED, ['true', 'false']],
  [ALLOW_DELETE_IN_USE, ['true', 'false']],
  [ROLLOUT, ['true', 'false']],
  [NOT_READY, [GATE]],
])

/** What people write, and the annotation that they mean. Names are without our domain. */
export const NEARLY: Readonly<Record<string, readonly string[]>> = {
  [CACHES]: [
    ...['cache', 'cache-name', 'cache-names', 'cache-ref', 'cache-refs', 'inject', 'inject-cache'],
    ...['inject-caches', 'injection', 'model', 'model-cache', 'model-caches', 'modelcache', 'modelcaches'],
    ...['models', 'mount', 'mount-cache', 'mount-caches', 'mounts', 'use-cache', 'use-caches', 'weights'],
  ],
  [CACHE_CONTAINERS]: [
    ...['cache-container', 'cache-container-names', 'container', 'container-name', 'container-names'],
    ...['containers', 'inject-container', 'inject-containers', 'target-container', 'target-containers'],
  ],
  [NOT_READY]: [
    ...[
      'cache-ready',
      'gate',
      'if-not-ready',
      'not-ready-policy',
      'notready',
      'on-not-ready',
      'scheduling-gate',
    ],
    ...['wait', 'wait-for-cache', 'wait-for-caches', 'wait-for-ready', 'when-not-ready'],
  ],
  [REFETCH]: [
    ...[
      'force-refetch',
      're-fetch',
      're-hydrate',
      're-stage',
      'refetch-at',
      'refetched-at',
      'refresh',
      'rehydrate',
    ],
    ...['reload', 'restage', 'restart', 'restarted-at', 'resync', 'retry', 'update'],
  ],
  [VERIFY]: ['audit', 'check', 'checksum', 're-verify', 'reverify', 'scrub', 'verified-at', 'verify-at'],
  [PAUSED]: ['hold', 'pause', 'pause-reconciliation', 'paused-reconciliation', 'suspend', 'suspended'],
  [ALLOW_DELETE_IN_USE]: [
    ...['allow-delete', 'allow-delete-inuse', 'allow-delete-while-in-use', 'allow-deletion'],
    ...['allow-deletion-in-use', 'allow-in-use-delete', 'delete-in-use', 'force-delete', 'force-deletion'],
  ],
  [ACCESS_MODES_ANNOTATION]: ['access-mode', 'accessmode', 'accessmodes', 'modes', 'rwx'],
  [ROLLOUT]: ['auto-restart', 'auto-rollout', 'restart-on-change', 'roll-out', 'rolling', 'rollouts'],
}

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(NEARLY).flatMap(([key, names]) =>
    [...names, nameOf(key)].map((name): [string, string] => [name, key]),
  ),
)

const BEARER_OF: ReadonlyMap<string, Bearer> = new Map(
  (Object.keys(ANNOTATIONS) as Bearer[]).flatMap(bearer =>
    ANNOTATIONS[bearer].map((key): [string, Bearer] => [key, bearer]),
  ),
)

/** What the annotation stands on if it works; undefined if it is none that people set. */
export function bearerOf(key: string): Bearer | undefined {
  return BEARER_OF.get(key)
}

/** Whether we write the key on pods and workloads ourselves. */
export function isWritten(key: string): boolean {
  return (
    [INJECTED, CACHE_CONSUMER, DEPLOYMENT_OF, NUDGED, ROLLED_OUT].includes(key) ||
    key.startsWith(`${DIGEST_PREFIX}/`)
  )
}

/** Kubernetes: a key is a prefix of 253 characters, a slash and a name of 63. */
const MAX_KEY = MAX_NAME + 64
/** Domains that people take for ours. */
const LIKE_OURS = /(^|[.-])model-?(plane|cache)s?([.-]|$)/i

/** Whether the key has our domain, or another one that looks like it before a name that we know. */
export function looksLikeOurs(key: string): boolean {
  if (key.startsWith(`${GROUP}/`)) return true
  const slash = key.indexOf('/')
  if (slash <= 0 || key.length > MAX_KEY || isWritten(key)) return false
  return LIKE_OURS.test(key.slice(0, slash)) && BY_NAME.has(key.slice(slash + 1).toLowerCase())
}

/** The annotation that is meant by a key that looks like ours; undefined if none is near. */
export function nearestKey(key: string): string | undefined {
  const name = nameOf(key).toLowerCase()
  const known = BY_NAME.get(name) ?? BY_NAME.get(name.replaceAll(/[_.]/g, '-'))
  if (known !== undefined || name.length > MAX_TYPED) return known
  const near = [...BEARER_OF.keys()].map(each => ({ key: each, edits: editsBetween(name, nameOf(each)) }))
  return near.filter(({ edits }) => edits <= MAX_EDITS).toSorted((a, b) => a.edits - b.edits)[0]?.key
}

/** Two slips of the finger in a name. A longer name is no slip of one of ours. */
const MAX_EDITS = 2
const MAX_TYPED = 24

function nameOf(key: string): string {
  return key.slice(key.indexOf('/') + 1)
}

/** How many characters must be added, removed or replaced (Levenshtein). */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
