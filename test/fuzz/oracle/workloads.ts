import { isDeepStrictEqual } from 'node:util'
import { warningsOf } from './advice.ts'
import { type Cluster, isBeingDeleted, isMountable, isStaged, named, placeOf } from './cluster.ts'
import { inject } from './injection.ts'
import { at, listAt, mapAt, textAt } from './json.ts'
import { pod as podShape } from './kinds.ts'
import { type Mount, readyMount } from './mounts.ts'
import { areSound, wishesOf } from './references.ts'
import { asksForCaches, podOf, type Template, templatesOf } from './templates.ts'
import { judged, type Verdict } from './verdict.ts'

/**
 * DESIGN 3.5. Only a changed template is denied, and only a workload with a changed template gets warnings.
 */
export function judgeWorkload(request: unknown, cluster: Cluster): Verdict {
  const object = at(request, 'object')
  const operation = textAt(request, 'operation') ?? ''
  if (!['CREATE', 'UPDATE'].includes(operation) || textAt(request, 'subResource'))
    return judged(object, [], [])
  const old = operation === 'UPDATE' ? at(request, 'oldObject') : undefined
  const resource = textAt(request, 'resource', 'resource') ?? ''
  const namespace = textAt(request, 'namespace') ?? ''
  const templates = templatesOf(resource, object)
  const before = templatesOf(resource, old)
  const isChanged = ({ path, template }: Template) => {
    const stored = before.find(other => other.path === path)
    return stored === undefined || !isDeepStrictEqual(stored.template, template)
  }
  const isSame = templates.length === before.length && !templates.some(isChanged)
  if (isSame && isDeepStrictEqual(oursIn(object), oursIn(old))) return judged(object, [], [])
  const reasons = templates
    .filter(template => asksForCaches(template) && isChanged(template))
    .flatMap(template => [...impossible(template, namespace, cluster)])
  return judged(object, reasons, warningsOf(object, templates, namespace, cluster))
}

/** What an object itself says in our name. */
function oursIn(object: unknown) {
  return ['annotations', 'labels'].map(place =>
    Object.entries(mapAt(object, 'metadata', place)).filter(([key]) => key.startsWith('modelplane.ai/')),
  )
}

/** What can never work, whatever happens to the caches. */
function impossible(template: Template, namespace: string, cluster: Cluster): Iterable<string> {
  const pod = podOf(template)
  if (!podShape(pod)) return ['SpecInvalid']
  const wishes = wishesOf(pod)
  if (wishes === undefined) return []
  const mounts = (wishes.caches ?? []).flatMap(name => {
    const cache = named(cluster.caches, name, namespace)
    return cache === undefined ? [] : expectedMount(cache, pod)
  })
  const { reasons } = inject(pod, mounts)
  return areSound(wishes) ? reasons : [...reasons, 'ReferenceInvalid']
}

/**
 * The mount that pods of a template will get, as far as it is decided. The path is, and the snapshot may not
 * be.
 */
function expectedMount(cache: unknown, pod: unknown): Mount[] {
  if (isBeingDeleted(cache)) return []
  const mount = readyMount(cache, textAt(cache, 'status', 'resolvedDigest') ?? '')
  if (isMountable(cache) || !isStaged(cache)) return [mount]
  const claims = listAt(pod, 'spec', 'volumes').map(volume =>
    textAt(volume, 'persistentVolumeClaim', 'claimName'),
  )
  const mayBeIts = (claim: string | undefined) =>
    claim?.startsWith('modelcache-') || (claim && claim === placeOf(cache).claim)
  return claims.some(mayBeIts) ? [] : [{ ...mount, subPath: undefined }]
}
