import { podAnnotations } from '../../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS, CACHES } from '../../api/names.ts'
import { pointer } from '../../injection/json-patch.ts'
import { valueAt } from '../value-at.ts'

/** What carries annotations of ours somewhere in an object, or could. */
export interface Found {
  /** Such as `spec.workers[0].template`; empty for the object itself. */
  path: string
  /** The same as a JSON Pointer. */
  pointer: string
  /** A pod template; of annotations alone one without containers. */
  raw: unknown
  /** Whether the spec of the pods stands beside their annotations. */
  isWhole: boolean
}

/** Deeper than any kind nests its templates. */
const MAX_DEPTH = 32

/**
 * The pod templates in an object of a kind that nobody here knows, by their shape: `spec.containers` beside
 * `metadata`. Where annotations of ours stand elsewhere, on the object itself or on a part of it, its controller may
 * well hand them on to pods; so that counts too, unless there is a template below, whose metadata is what its pods
 * get.
 */
export function findTemplates(object: unknown): Found[] {
  return walk(object).filter(({ isStray }) => !isStray)
}

/** What asks for caches in such an object above a template, from where it reaches no pod. */
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
  if (typeof value !== 'object' || value === null || depth === 0) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) => seenIn(item, member(place, index), depth - 1))
  if (Array.isArray(valueAt(value, 'spec.containers'))) return [{ ...place, raw: value, isWhole: true }]
  const members = Object.entries(value).filter(([name]) => name !== 'metadata' && name !== 'annotations')
  const below = members.flatMap(([name, inner]) => seenIn(inner, member(place, name), depth - 1))
  return withBearer(value, place, below)
}

function withBearer(value: unknown, place: Place, below: Seen[]): Seen[] {
  const annotations = ourAnnotations(value)
  if (annotations === undefined) return below
  const bearer = { ...place, raw: { metadata: { annotations }, spec: { containers: [] } }, isWhole: false }
  return [below.some(({ isWhole }) => isWhole) ? { ...bearer, isStray: true } : bearer, ...below]
}

/**
 * In `metadata`, as objects and templates have them, or without, as parts of some kinds do. Where one of ours is no
 * text, nothing is read of them: no API server stores such annotations.
 */
function ourAnnotations(value: unknown): object | undefined {
  // Only what has one of ours is parsed: zod makes an error of each part of an object that has no annotations at all.
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
