import { conditionOf, isReady } from '../api/readiness.ts'
import { few } from '../api/schema/text.ts'
import { causeOf } from './cause.ts'
import { eventLine, lastWarnings } from './events.ts'
import type { SeenPod } from './objects.ts'
import { colon, isPodReady, podProblem } from './pod-state.ts'
import type { CacheScene, Scene, Split } from './scene.ts'
import { ageOf, line, several } from './words.ts'

/** One screen holds this many pods and events of one object. */
const SHOWN_PODS = 5
const SHOWN_EVENTS = 2
const SHOWN_CLUSTERS = 5

/**
 * Why the pods of a target run or do not, from the target down to the event that explains it, in one screen.
 */
export function explain(scene: Scene, now: number): string {
  const lines = [
    ...targetLines(scene),
    ...clusterLines(scene).map(indent(1)),
    ...scene.makers.flatMap(({ metadata }) => eventsOf(scene, metadata.uid, now)).map(indent(1)),
    ...scene.pods
      .slice(0, SHOWN_PODS)
      .flatMap(pod => podLines(scene, pod, now))
      .map(indent(1)),
    ...scene.caches.flatMap(cache => cacheLines(scene, cache, now)),
    '',
    `Why: ${causeOf(scene)}`,
  ]
  return `${lines.join('\n')}\n`
}

const indent = (depth: number) => (text: string) => `${'  '.repeat(depth)}${text}`

function targetLines({ namespace, target, templates, ignored, pods }: Scene): string[] {
  const { kind, name, replicas } = target
  const ready = pods.filter(isPodReady).length
  const wanted = replicas === undefined ? '' : `, ${replicas} wanted`
  const state = kind === 'Pod' ? '' : `: ${several(pods.length, 'pod')}, ${ready} ready${wanted}`
  return [
    `${kind} ${namespace}/${name}${state}`,
    ...templates.map(({ path, caches }) => {
      const place = path === '' ? '' : ` (${path})`
      return `  asks for ${caches.length === 0 ? 'no cache' : few(caches.map(each => line(each, 80)))}${place}`
    }),
    ...ignored.map(text => `  ${line(text)}`),
  ]
}

/** How far other clusters are, and this one: first those that lack instances. */
function clusterLines({ split }: Scene): string[] {
  const isShort = ({ replicas, readyReplicas }: Split['clusters'][number]) => readyReplicas < replicas
  const sorted = (split?.clusters ?? []).toSorted((a, b) => Number(isShort(b)) - Number(isShort(a)))
  const more = sorted.length - SHOWN_CLUSTERS
  return [
    ...sorted
      .slice(0, SHOWN_CLUSTERS)
      .map(
        ({ name, replicas, readyReplicas, message = '' }) =>
          `cluster ${line(name, 64)}: ${readyReplicas} of ${replicas} serve${colon(line(message))}`,
      ),
    ...(more > 0 ? [`and ${more} more clusters`] : []),
  ]
}

function podLines(scene: Scene, pod: SeenPod, now: number): string[] {
  const { metadata, status } = pod
  const trouble = isPodReady(pod) ? [] : eventsOf(scene, metadata.uid, now)
  return [`Pod ${metadata.name}: ${status?.phase ?? 'Pending'}${stateOf(pod)}`, ...trouble.map(indent(1))]
}

/** What a pod waits for, or how it has ended. */
function stateOf(pod: SeenPod): string {
  const found = podProblem(pod)
  return found === undefined ? '' : `, ${found}`
}

function cacheLines(scene: Scene, seen: CacheScene, now: number): string[] {
  const { cache, claim, claimName, job, pods } = seen
  if (cache === undefined)
    return [`ModelCache ${line(seen.name, 80)}: there is none in namespace ${scene.namespace}`]
  const { status } = cache
  const ready = conditionOf(status, 'Ready')
  const share = status?.progress === undefined || isReady(cache) ? '' : ` ${line(status.progress, 16)}`
  const since = ageOf(ready?.lastTransitionTime, now)
  return [
    `ModelCache ${cache.metadata.name}: ${status?.phase ?? 'Pending'}${share}${since && `, for ${since}`}`,
    ...(ready === undefined
      ? ['  the controller has not seen it yet']
      : [`  ${line(ready.reason, 60)}: ${line(ready.message)}`]),
    ...(claim === undefined
      ? [`  PersistentVolumeClaim ${claimName ?? 'of the cache'}: not there`]
      : [`  PersistentVolumeClaim ${claim.metadata.name}: ${claimWords(seen)}`]),
    ...(claim === undefined || claim.status?.phase === 'Bound'
      ? []
      : eventsOf(scene, claim.metadata.uid, now)
    ).map(indent(2)),
    ...(job === undefined
      ? []
      : [
          `  Job ${job.metadata.name}: ${jobWords(seen)}`,
          ...eventsOf(scene, job.metadata.uid, now).map(indent(2)),
        ]),
    ...pods
      .slice(0, SHOWN_PODS)
      .flatMap(pod => podLines(scene, pod, now))
      .map(indent(2)),
  ]
}

function claimWords({ claim }: CacheScene): string {
  const size = claim?.spec?.resources?.requests?.storage
  const parts = [
    claim?.status?.phase ?? 'Pending',
    claim?.spec?.storageClassName && `class ${claim.spec.storageClassName}`,
    size,
  ]
  return parts.filter(part => part !== undefined && part !== '').join(', ')
}

function jobWords({ job }: CacheScene): string {
  const { active = 0, failed = 0, conditions = [] } = job?.status ?? {}
  const end = conditions.find(
    ({ type, status }) => ['Complete', 'Failed'].includes(type) && status === 'True',
  )
  if (end !== undefined)
    return `${end.type === 'Complete' ? 'complete' : 'failed'}${end.type === 'Complete' ? '' : colon(end.message)}`
  if (job?.spec?.suspend === true) return 'suspended'
  return `${several(active, 'pod')} running${failed > 0 ? `, ${failed} failed` : ''}`
}

function eventsOf({ events }: Scene, uid: string, now: number): string[] {
  return lastWarnings(events.get(uid) ?? [], SHOWN_EVENTS).map(event => eventLine(event, now))
}
