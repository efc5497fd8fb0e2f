import { CACHES, type Cluster, CONTAINERS, isMountable, NOT_READY, named } from './cluster.ts'
import { at, listAt, mapAt, textAt } from './json.ts'
import { pod as podShape } from './kinds.ts'
import { wishesOf } from './references.ts'
import { isGuessOf, readsWithoutMount } from './targets.ts'
import { annotationsOf, asksForCaches, isLeader, podOf, type Template } from './templates.ts'

const INJECTED = 'modelplane.ai/injected'
const CONSUMER = 'modelplane.ai/cache-consumer'
const NUDGED = 'modelplane.ai/nudged'

/** The reasons of the warnings for a workload, except ModelPathMismatch, a guess from command lines. */
export function warningsOf(
  object: unknown,
  templates: Template[],
  namespace: string,
  { caches }: Cluster,
): Set<string> {
  const warnings = new Set<string>()
  const annotations = templates.map(({ template }) => Object.keys(annotationsOf(template)))
  if (
    CACHES in annotationsOf(object) &&
    templates.length > 0 &&
    !annotations.some(names => names.includes(CACHES))
  )
    warnings.add('AnnotationNotOnTemplate')
  if (!isOwned(object) && (isIgnoredAbove(object, templates) || templates.some(isAnyIgnored)))
    warnings.add('KeyIgnored')
  for (const name of templates.flatMap(namesOf)) {
    const cache = named(caches, name, namespace)
    if (cache === undefined) warnings.add('CacheNotFound')
    else if (!isMountable(cache)) warnings.add('CacheNotReady')
  }
  for (const template of templates)
    for (const reason of ofContainers(template, namespace, caches)) warnings.add(reason)
  if (isGangOfSeveral(object, templates) && differ(templates)) warnings.add('GangReferencesDiffer')
  return warnings
}

/** Which containers get the mounts, and which would want them. */
function ofContainers(template: Template, namespace: string, caches: Cluster['caches']): string[] {
  const pod = podOf(template)
  const mounted = namesOf(template).map(name => named(caches, name, namespace))
  const paths = mounted.map(cache => textAt(cache, 'spec', 'mount', 'path') ?? '')
  const known = paths.filter(path => path !== '')
  if (known.length === 0) return []
  const isGuess = known.length === paths.length && isGuessOf(pod, paths)
  return [
    ...(isGuess ? ['ContainersNotChosen'] : []),
    ...(readsWithoutMount(pod, known) ? ['PathNotMounted'] : []),
  ]
}

/** A controller has made the object, and people do not read warnings about it. */
function isOwned(object: unknown): boolean {
  return listAt(object, 'metadata', 'ownerReferences').some(owner => at(owner, 'controller') === true)
}

const OURS = 'modelplane.ai/'

function keysAt(object: unknown, place: 'annotations' | 'labels'): string[] {
  return Object.keys(mapAt(object, 'metadata', place)).filter(key => key.startsWith(OURS))
}

/** Something of ours is above the templates, where no pod gets it. */
function isIgnoredAbove(object: unknown, templates: Template[]): boolean {
  if (templates.length === 0) return false
  const above = [...keysAt(object, 'annotations'), ...keysAt(object, 'labels')]
  return above.some(key => ![CACHES, INJECTED, CONSUMER, NUDGED].includes(key))
}

/** A template has something of ours that is unknown, or that needs the caches that it does not name. */
function isAnyIgnored({ template }: Template): boolean {
  const annotations = keysAt(template, 'annotations')
  const known = annotations.includes(CACHES)
    ? [CACHES, CONTAINERS, NOT_READY, INJECTED, NUDGED]
    : [INJECTED, NUDGED]
  const labels = keysAt(template, 'labels')
  return annotations.some(key => !known.includes(key)) || labels.some(key => key !== CONSUMER)
}

/** The caches that a template names; empty if nobody can tell. */
function namesOf(template: Template): string[] {
  const pod = podOf(template)
  return (asksForCaches(template) && podShape(pod) && wishesOf(pod)?.caches) || []
}

function isGangOfSeveral(object: unknown, templates: Template[]): boolean {
  const size = at(object, 'spec', 'leaderWorkerTemplate', 'size') ?? 1
  return templates.length === 2 && templates.some(isLeader) && size !== 1
}

function differ(templates: Template[]): boolean {
  const [one, other] = templates.map(template => namesOf(template).toSorted().join())
  return one !== other
}
