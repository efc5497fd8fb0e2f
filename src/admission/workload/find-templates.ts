import { CACHE_CONTAINERS, CACHES } from '../../api/annotations.ts'
import { pointer } from '../../injection/json-patch.ts'
import { valueAt } from '../value-at.ts'

/** What carries annotations of ours somewhere in an object. */
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
 * The pod templates in an object of a kind that nobody here knows, by their shape: `spec.containers` beside `metadata`. Where annotations of
 * ours stand elsewhere, on the object itself or on a part of it, its controller may well hand them on to pods; so that counts too, unless
 * there is a template below, whose metadata is what its pods get.
 */
export function findTemplates(object: unknown): Found[] {
  return withBearer(object, ROOT, foundIn(valueAt(object, 'spec'), member(ROOT, 'spec'), MAX_DEPTH))
}

type Place = Pick<Found, 'path' | 'pointer'>

const ROOT: Place = { path: '', pointer: '' }

function member({ path, pointer: parent }: Place, name: string | number): Place {
  const isItem = typeof name === 'number'
  const step = isItem ? `[${name}]` : path === '' ? name : `.${name}`
  return { path: path + step, pointer: pointer(parent, name) }
}

function foundIn(value: unknown, place: Place, depth: number): Found[] {
  if (typeof value !== 'object' || value === null || depth === 0) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) => foundIn(item, member(place, index), depth - 1))
  if (Array.isArray(valueAt(value, 'spec.containers'))) return [{ ...place, raw: value, isWhole: true }]
  const members = Object.entries(value).filter(([name]) => name !== 'metadata' && name !== 'annotations')
  const below = members.flatMap(([name, inner]) => foundIn(inner, member(place, name), depth - 1))
  return withBearer(value, place, below)
}

function withBearer(value: unknown, place: Place, below: Found[]): Found[] {
  const annotations = ourAnnotations(value)
  if (annotations === undefined || below.some(({ isWhole }) => isWhole)) return below
  return [
    { ...place, raw: { metadata: { annotations }, spec: { containers: [] } }, isWhole: false },
    ...below,
  ]
}

/** In `metadata`, as objects and templates have them, or without, as parts of some kinds do. */
function ourAnnotations(value: unknown): object | undefined {
  return [valueAt(value, 'metadata.annotations'), valueAt(value, 'annotations')].find(
    (annotations): annotations is object =>
      typeof annotations === 'object' &&
      annotations !== null &&
      (CACHES in annotations || CACHE_CONTAINERS in annotations),
  )
}
