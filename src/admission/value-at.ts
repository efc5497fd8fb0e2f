/** Rules name their paths in code, so this map stays small. */
const splitPaths = new Map<string, readonly string[]>()

/** The value at a dotted path of an object; undefined if a step is missing. No path comes from a request. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const name of namesOf(path)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

function namesOf(path: string): readonly string[] {
  const known = splitPaths.get(path)
  if (known !== undefined) return known
  const names = path.split('.')
  splitPaths.set(path, names)
  return names
}
