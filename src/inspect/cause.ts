import { notReadyText } from '../admission/pod/not-ready.ts'
import { isReady } from '../api/readiness.ts'
import { lastWarnings } from './events.ts'
import type { SeenPod } from './objects.ts'
import { isPodReady, podProblem } from './pod-state.ts'
import type { CacheScene, Scene } from './scene.ts'
import { line } from './words.ts'

/**
 * The cause in one sentence: the first thing on the way from the target to the bytes that is not as it must
 * be.
 */
export function causeOf(scene: Scene): string {
  return inClusters(scene) ?? withoutCaches(scene) ?? inCaches(scene) ?? inPods(scene)
}

/** The hub has looked at all clusters, and caches of this one may be no matter. */
function inClusters({ split }: Scene): string | undefined {
  if (split === undefined) return undefined
  return `${split.isAvailable ? 'nothing is wrong: ' : ''}${line(split.message)}`
}

function withoutCaches({ target, templates, ignored, caches }: Scene): string | undefined {
  if (caches.length > 0) return undefined
  const [key] = ignored
  if (key !== undefined) return line(key)
  if (templates.every(each => each.caches.length === 0))
    return 'it names no cache; set annotation modelplane.ai/caches on its pod template'
  return `${target.kind} ${target.name} has no cache that can be read`
}

function inCaches(scene: Scene): string | undefined {
  const { namespace, target, caches } = scene
  const missing = caches.find(({ cache }) => cache === undefined)
  if (missing !== undefined)
    return `there is no ModelCache ${namespace}/${line(missing.name, 80)}; create it, or correct annotation modelplane.ai/caches`
  const notReady = caches.find(({ cache }) => cache !== undefined && !isReady(cache))
  if (notReady !== undefined) return waitingFor(scene, notReady)
  return target.kind === 'ModelCache' ? 'the cache is Ready, and pods that name it mount it' : undefined
}

/** What holds up a cache: an event on its claim, or its pod, says more than its own status. */
function waitingFor(scene: Scene, { cache, claim, pods }: CacheScene): string | undefined {
  if (cache === undefined) return undefined
  const text = notReadyText(scene.namespace, cache)
  const isPending = claim !== undefined && claim.status?.phase !== 'Bound'
  const onClaim = isPending ? newest(scene, claim.metadata.uid) : undefined
  const onPod = pods
    .map(pod => podProblem(pod) ?? newest(scene, pod.metadata.uid))
    .find(found => found !== undefined)
  const because = onClaim ?? (cache.status?.phase === 'Failed' ? undefined : onPod)
  return because === undefined || isSaid(because, text) ? text : `${text} (${because})`
}

/** Whether the text has the start of a message already, with or without its reason. */
function isSaid(because: string, text: string): boolean {
  const [, message = because] = /^\w+: (.*)$/.exec(because) ?? []
  return text.includes(message.slice(0, SAID))
}

const SAID = 60

function inPods(scene: Scene): string {
  const { target, pods, makers } = scene
  const stuck = pods.find(pod => !isPodReady(pod))
  if (stuck !== undefined) {
    const why = podProblem(stuck) ?? newest(scene, stuck.metadata.uid) ?? untold(stuck)
    return `its caches are Ready, and pod ${stuck.metadata.name} is not: ${why}`
  }
  const denied = makers.map(({ metadata }) => newest(scene, metadata.uid)).find(text => text !== undefined)
  if (pods.length < (target.replicas ?? 0))
    return denied ?? 'its caches are Ready, and its controller has not created all pods yet'
  if (pods.length === 0) return denied ?? 'its caches are Ready, and it has no pods now'
  return 'nothing is wrong: its caches are Ready, and so are its pods'
}

function untold({ metadata, status }: SeenPod): string {
  const isThere = status?.phase === 'Running' || status?.phase === 'Failed'
  return isThere ? `see: kubectl logs ${metadata.name}` : 'nothing has said why; ask again in a moment'
}

function newest({ events }: Scene, uid: string): string | undefined {
  const [event] = lastWarnings(events.get(uid) ?? [], 1)
  return event && `${line(event.reason, 60)}: ${line(event.message)}`
}
