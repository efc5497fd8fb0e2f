import type { Random } from './generate/random.ts'
import { isObject } from './oracle/json.ts'

/** A place in a review that can grow: a text, a list, a map, or a key of a map. */
export interface Place {
  path: readonly (string | number)[]
  what: 'text' | 'list' | 'map' | 'key'
}

/** Every place of a value. */
export function placesOf(value: unknown, path: Place['path'] = []): Place[] {
  if (typeof value === 'string') return [{ path, what: 'text' }]
  if (Array.isArray(value))
    return [{ path, what: 'list' }, ...value.flatMap((item, index) => placesOf(item, [...path, index]))]
  if (!isObject(value)) return []
  const below = Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))
  return [{ path, what: 'map' }, { path, what: 'key' }, ...below]
}

/** Pieces of text that are expensive for a careless reader. */
const PATTERNS = [
  ...['a/', 'a', '9', ' ', ',', 'a,', '"', "'", '\\ ', 'a.', '-', '=,', '\n', '$(', '\u202e', 'é'],
  // Command lines: nested shells, many commands, and near misses of a mount path.
  ...['env sh -c ', 'a;', ' /mnt/mode'],
]

/** The value with one place grown until its JSON has about this many bytes. */
export function grown(value: unknown, place: Place, bytes: number, random: Random): unknown {
  const pattern = random.chance(0.2) ? undefined : random.pick(PATTERNS)
  const copy: unknown = structuredClone({ root: value })
  const [name, ...way] = ['root', ...place.path].toReversed()
  let parent = copy as Record<string | number, unknown>
  for (const step of way.toReversed()) parent = parent[step] as Record<string | number, unknown>
  if (name !== undefined) parent[name] = grownHere(parent[name], place.what, bytes, pattern)
  return (copy as { root: unknown }).root
}

function grownHere(value: unknown, what: Place['what'], bytes: number, pattern: string | undefined): unknown {
  if (what === 'list') return grownList(Array.isArray(value) ? value : [], bytes)
  if (what === 'text') return long(pattern ?? (String(value) || 'x'), bytes)
  const map = isObject(value) ? value : {}
  const [[, sample] = ['', 'x']] = Object.entries(map)
  if (what === 'key') return { ...map, [long(pattern ?? 'x', bytes)]: sample }
  const count = Math.ceil(bytes / (JSON.stringify(sample).length + 10))
  const added = Array.from({ length: count }, (_, index) => [`k${index}`, sample])
  return { ...Object.fromEntries(added), ...map }
}

function grownList(list: readonly unknown[], bytes: number): unknown[] {
  const sample = list[0] ?? 'x'
  const count = Math.ceil(bytes / (JSON.stringify(sample).length + 8))
  const others = Array.from({ length: count }, (_, index) => {
    if (typeof sample === 'string') return `${sample}${index}`
    return isObject(sample) && 'name' in sample ? { ...sample, name: `n${index}` } : sample
  })
  return [...list, ...others]
}

function long(pattern: string, bytes: number): string {
  return pattern.repeat(Math.ceil(bytes / Math.max(1, JSON.stringify(pattern).length - 2)))
}
