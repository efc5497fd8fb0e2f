import { podAnnotations } from '../../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS, CACHES } from '../../api/names.ts'
import { pointer } from '../../injection/json-patch.ts'
import { valueAt } from '../value-at.ts'

/** A place in an object that carries our annotations, or could. */
export interface Found {
  /** Such as `spec.workers[0].template`; empty for the object itself. */
  path: string
  /** The same as a JSON Pointer. */
  pointer: string
  /** A pod template. If there are only annotations, it has no containers. */
  raw: unknown
  /** Whether the spec of the pods sits beside the annotations. */
  isWhole: boolean
}

/** No kind nests its templates deeper than this. */
const MAX_DEPTH = 32
/** And no field has a longer name, nor does a key of a map that leads to one. */
const MAX_NAME = 253

/**
 * The pod templates in an object of an unknown kind. A template has `spec.containers` beside `metadata`. If
 * our annotations sit elsewhere, on the object itself or on a part of it, its controller may pass them on to
 * pods, so that place counts too, unless a template lies below it, because pods get the metadata of their
 * template.
 */
export function findTemplates(object: unknown): Found[] {
  return walk(object).filter(({ isStray }) => !isStray)
}

/** Our annotations above a template in such an object. No pod gets them. */
export function findStrays(object: unknown): unknown[] {
  return walk(object).flatMap(({ isStray, raw }) => {
    const asked = isStray && valueAt(raw, 'metadata.annotations')
    return typeof asked === 'object' && asked !== null && CACHES in asked ? [asked[CACHES]] : []
  })
}

type Place = Pick<Found, 'path' | 'pointer'>
type Seen = Found & { isStray?: true }

const ROOT: Place = { path: '', pointer: '' }

function walk(object: unknown): Seen[] {
  return withBearer(object, ROOT, seenIn(valueAt(object, 'spec'), member(ROOT, 'spec'), MAX_DEPTH))
}

function member({ path, pointer: parent }: Place, name: string | number): Place {
  const isItem = typeof name === 'number'
  const step = isItem ? `[${name}]` : path === '' ? name : `.${name}`
  return { path: path + step, pointer: pointer(parent, name) }
}

function seenIn(value: unknown, place: Place, depth: number): Seen[] {
  if (!isObject(value) || depth === 0) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      isObject(item) ? seenIn(item, member(place, index), depth - 1) : [],
    )
  if (Array.isArray(valueAt(value, 'spec.containers'))) return [{ ...place, raw: value, isWhole: true }]
  // Most members are strings or numbers, and nothing lies below those.
  const members = Object.entries(value).filter(([name, inner]) => isObject(inner) && mayLeadToTemplate(name))
  const below = members.flatMap(([name, inner]) => seenIn(inner, member(place, name), depth - 1))
  return withBearer(value, place, below)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function mayLeadToTemplate(name: string): boolean {
  return name !== 'metadata' && name !== 'annotations' && name.length <= MAX_NAME
}

function withBearer(value: unknown, place: Place, below: Seen[]): Seen[] {
  const annotations = ourAnnotations(value)
  if (annotations === undefined) return below
  const bearer = { ...place, raw: { metadata: { annotations }, spec: { containers: [] } }, isWhole: false }
  return [below.some(({ isWhole }) => isWhole) ? { ...bearer, isStray: true } : bearer, ...below]
}

/**
 * Annotations in `metadata`, as objects and templates have them, or without it, as parts of some kinds have
 * them. If one of ours is not text, we ignore all of them, because no API server stores such annotations.
 */
function ourAnnotations(value: unknown): object | undefined {
  // We parse only what has one of our annotations: zod builds an error for each part of an object that has no
  // annotations at all.
  return [valueAt(value, 'metadata.annotations'), valueAt(value, 'annotations')]
    .filter(hasOurs)
    .map(annotations => podAnnotations.safeParse(annotations).data)
    .find(hasOurs)
}

function hasOurs(annotations: unknown): annotations is object {
  return (
    typeof annotations === 'object' &&
    annotations !== null &&
    (CACHES in annotations || CACHE_CONTAINERS in annotations)
  )
}
