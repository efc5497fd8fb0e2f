import {
  ANNOTATIONS,
  type Bearer,
  bearerOf,
  isWritten,
  looksLikeOurs,
  nearestKey,
  PLACES,
  VALUES,
} from '../api/known-keys.ts'
import { CACHES, NOT_READY } from '../api/names.ts'
import { foreign, quote } from '../api/schema/text.ts'
import { type Finding, warning } from './finding.ts'
import { valueAt } from './value-at.ts'

/** Something that has metadata. */
export interface Bearing {
  /** `workload`: the object itself, above its templates. No pod gets what is there. */
  bearer: Bearer
  /** Where it is in its object, such as `spec.template`. Empty for the object itself. */
  path: string
  /** As the request has it, with its metadata. */
  raw: unknown
}

/** We name this many keys at most, because the API server cuts long warnings. */
const SHOWN = 4
/** We look at this many keys of ours in one place. */
const MAX_KEYS = 32
const SHOWN_KEY = 60

/**
 * A label or an annotation has our domain, or nearly so, and does nothing: it is unknown, or in the wrong
 * place, or its value means nothing. Nobody would notice until a pod lacks its model. Policy
 * modelcache-ignored-keys says the same where no webhook is called.
 */
export function ignoredKeys(bearings: readonly Bearing[]): Finding[] {
  const found: Finding[] = []
  for (const bearing of bearings) found.push(...ofAnnotations(bearing), ...ofLabels(bearing))
  return found.slice(0, SHOWN)
}

/** The labels and annotations of an object that have our domain, or nearly so. */
export function ourKeys(object: unknown): unknown[] {
  return (['annotations', 'labels'] as const).map(name => {
    const members = membersOf(object, name)
    return ours(members).map(key => [key, members[key]])
  })
}

/** Kubernetes: whoever controls an object writes its metadata. No person reads warnings about it. */
export function isControlled(object: unknown): boolean {
  const owners = valueAt(object, 'metadata.ownerReferences')
  return Array.isArray(owners) && owners.some(owner => valueAt(owner, 'controller') === true)
}

function ofAnnotations(bearing: Bearing): Finding[] {
  const annotations = membersOf(bearing.raw, 'annotations')
  return ours(annotations).flatMap(key => {
    const problem = annotationProblem(key, annotations, bearing.bearer)
    return problem === undefined ? [] : [ignored(bearing, 'annotation', key, problem)]
  })
}

function ofLabels(bearing: Bearing): Finding[] {
  return ours(membersOf(bearing.raw, 'labels')).flatMap(key => {
    const problem = labelProblem(key, bearing.bearer)
    return problem === undefined ? [] : [ignored(bearing, 'label', key, problem)]
  })
}

function annotationProblem(
  key: string,
  annotations: Readonly<Record<string, unknown>>,
  bearer: Bearing['bearer'],
): string | undefined {
  const worksOn = bearerOf(key)
  if (bearer === 'workload' && worksOn === 'pod')
    // The rule AnnotationNotOnTemplate reports the other one.
    return key === CACHES ? undefined : `does not reach the pods of this workload; move it to ${PLACES.pod}`
  if (worksOn !== bearer) return isWritten(key) ? undefined : unknownOn(bearer, key)
  if (bearer === 'pod' && annotations[CACHES] === undefined)
    return `does nothing without ${CACHES}; add that annotation, or remove this one`
  return valueProblem(key, annotations[key])
}

function valueProblem(key: string, value: unknown): string | undefined {
  const values = VALUES.get(key)
  // The injector itself rejects a wrong NOT_READY.
  if (values === undefined || typeof value !== 'string' || key === NOT_READY) return undefined
  if (values.includes(value)) return undefined
  return `is ${quote(value, 20)}, which does nothing; did you mean ${quote(values[0] ?? '')}?`
}

function labelProblem(key: string, bearer: Bearing['bearer']): string | undefined {
  const worksOn = bearerOf(key)
  if (worksOn !== undefined)
    return `does nothing; make it an annotation${worksOn === bearer ? '' : ` of ${PLACES[worksOn]}`}`
  return isWritten(key) ? undefined : unknownOn(bearer, key)
}

function unknownOn(bearer: Bearing['bearer'], key: string): string {
  const known = bearerOf(key)
  if (known !== undefined) return `does nothing here; set it on ${PLACES[known]}`
  const nearest = nearestKey(key)
  const place = nearest === undefined ? undefined : bearerOf(nearest)
  if (nearest !== undefined && place !== undefined)
    return `is not known; did you mean annotation ${nearest}${place === bearer ? '' : ` of ${PLACES[place]}`}?`
  const here = ANNOTATIONS[bearer === 'workload' ? 'pod' : bearer]
  return `is not known; the annotations for ${PLACES[bearer === 'workload' ? 'pod' : bearer]} are ${here.join(', ')}`
}

function ignored({ path }: Bearing, what: 'annotation' | 'label', key: string, problem: string): Finding {
  const at = path === '' ? '' : `${path}.`
  const place = path === '' ? '' : `${path}: `
  const field = `${at}metadata.${what}s[${foreign(key, SHOWN_KEY)}]`
  return warning('KeyIgnored', field, `${place}${what} ${foreign(key, SHOWN_KEY)} ${problem}`)
}

function ours(members: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(members).filter(looksLikeOurs).slice(0, MAX_KEYS)
}

function membersOf(raw: unknown, name: 'annotations' | 'labels'): Readonly<Record<string, unknown>> {
  const members = valueAt(raw, `metadata.${name}`)
  return typeof members === 'object' && members !== null ? (members as Record<string, unknown>) : {}
}
