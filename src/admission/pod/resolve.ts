import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { leaderName } from '../../api/kubernetes/leader-worker-set.ts'
import type { Pod } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHES, INJECTED, NOT_READY } from '../../api/names.ts'
import { type Outcome, ok, refused } from '../../api/outcome.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { type CacheMount, waits } from '../../injection/cache-mount.ts'
import { chooseMount } from '../../injection/choose-mount.ts'
import { readRecord } from '../../injection/record.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'
import { claimReplacedText, isClaimReplaced } from './claim-replaced.ts'
import { waitsAtGate } from './gate.ts'
import { notReadyText } from './not-ready.ts'
import { cacheReferences } from './references.ts'
import { renamedCache } from './renamed-cache.ts'

const FIELD = `metadata.annotations[${CACHES}]`

/** The mounts of all caches of a pod, and the objects to read again before we hand them out. */
export interface Resolved {
  mounts: readonly CacheMount[]
  basis: readonly ObjectRef[]
}

/** The mounts of all caches that an annotation asks for, or every reason why they cannot be mounted. */
export function resolveCaches(
  annotation: string,
  namespace: string,
  pod: Pod,
  view: ClusterView,
): Outcome<Resolved, readonly Finding[]> {
  const references = cacheReferences(annotation)
  if (references.refused !== undefined) return refused([error(references.refused)])
  const gate = waitsAtGate(pod)
  if (gate.refused !== undefined) return refused([error(gate.refused)])
  const { leader, basis } = leaderOf(pod, namespace, view)
  const recorded = readRecord(pod.metadata.annotations?.[INJECTED])
  const mounts: CacheMount[] = []
  const findings: Finding[] = []
  const resolve = (name: string): Outcome<CacheMount, Finding> => {
    const cache = view.get('ModelCache', namespace, name)
    const because = (found: Violation) =>
      refused(error(found, [{ kind: 'ModelCache', namespace, name }, ...basis]))
    if (cache === undefined) return because(notFound(name, namespace, view))
    const brings = { pod, recorded: recorded.get(name) }
    const mount = chooseMount(cache, { leader, waits: gate.value, brings })
    if (mount === undefined || (waits(mount) && pod.spec.nodeName))
      return because(notReady(cache, namespace, pod))
    const replaced = claimReplaced(cache, mount, namespace, view)
    return replaced === undefined ? ok(mount) : refused(replaced)
  }
  for (const name of references.value) {
    const resolved = resolve(name)
    if (resolved.refused !== undefined) findings.push(resolved.refused)
    else mounts.push(resolved.value)
  }
  return findings.length > 0 ? refused(findings) : ok({ mounts, basis })
}

/**
 * The leader of a worker pod. If the watch does not show the leader yet, it may still have been given
 * something.
 */
function leaderOf(
  pod: Pod,
  namespace: string,
  view: ClusterView,
): { leader?: ConsumerPod; basis: ObjectRef[] } {
  const name = leaderName(pod.metadata.annotations)
  const leader = name === undefined ? undefined : view.get('Pod', namespace, name)
  if (leader) return { leader, basis: [] }
  return { basis: name === undefined ? [] : [{ kind: 'Pod', namespace, name }] }
}

/** Why we do not mount a Ready cache: the claim that was staged is gone. */
function claimReplaced(
  cache: ModelCache,
  mount: CacheMount,
  namespace: string,
  view: ClusterView,
): Finding | undefined {
  const { claimName } = mount
  if (waits(mount) || !isClaimReplaced(cache, namespace, claimName, view)) return undefined
  const found = violation('CacheNotReady', FIELD, claimReplacedText(namespace, cache, claimName))
  const basis: ObjectRef[] = [
    { kind: 'ModelCache', namespace, name: cache.metadata.name },
    { kind: 'PersistentVolumeClaim', namespace, name: claimName },
  ]
  return error(found, basis)
}

function notFound(name: string, namespace: string, view: ClusterView): Violation {
  const renamed = renamedCache(name, namespace, view)
  const todo =
    renamed === undefined
      ? `create it, or correct annotation ${CACHES} (see: kubectl -n ${namespace} get modelcaches)`
      : `there is ${renamed}; if it is meant, write its whole name into annotation ${CACHES}`
  return violation('CacheNotFound', FIELD, `there is no ModelCache ${namespace}/${name}; ${todo}`)
}

function notReady(cache: ModelCache, namespace: string, pod: Pod): Violation {
  const text = notReadyText(namespace, cache)
  const gate = NOT_READY in (pod.metadata.annotations ?? {})
  // Kubernetes rejects a scheduling gate on a pod that already has a node.
  const hint = gate ? '; it cannot wait at a scheduling gate, because spec.nodeName is set' : ''
  return violation('CacheNotReady', FIELD, `${text}${hint}`)
}
