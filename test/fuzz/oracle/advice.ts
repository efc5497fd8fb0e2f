import { CACHES, type Cluster, CONTAINERS, isMountable, named } from './cluster.ts'
import { at, textAt } from './json.ts'
import { pod as podShape } from './kinds.ts'
import { wishesOf } from './references.ts'
import { isGuessOf } from './targets.ts'
import { annotationsOf, asksForCaches, isLeader, podOf, type Template } from './templates.ts'

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
  if (annotations.some(names => names.includes(CONTAINERS) && !names.includes(CACHES)))
    warnings.add('ReferenceInvalid')
  for (const name of templates.flatMap(namesOf)) {
    const cache = named(caches, name, namespace)
    if (cache === undefined) warnings.add('CacheNotFound')
    else if (!isMountable(cache)) warnings.add('CacheNotReady')
  }
  for (const template of templates) {
    const mounted = namesOf(template).map(name => named(caches, name, namespace))
    const paths = mounted.map(cache => textAt(cache, 'spec', 'mount', 'path') ?? '')
    if (paths.length > 0 && !paths.includes('') && isGuessOf(podOf(template), paths))
      warnings.add('ContainersNotChosen')
  }
  if (isGangOfSeveral(object, templates) && differ(templates)) warnings.add('GangReferencesDiffer')
  return warnings
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
