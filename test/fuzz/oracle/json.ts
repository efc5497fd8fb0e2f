/** Reading and writing plain JSON that nobody has checked yet. */

export type Members = Record<string, unknown>

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value below these names; undefined if a step is missing. */
export function at(value: unknown, ...names: string[]): unknown {
  let found = value
  for (const name of names) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined
    found = found[name]
  }
  return found
}

export function textAt(value: unknown, ...names: string[]): string | undefined {
  const found = at(value, ...names)
  return typeof found === 'string' ? found : undefined
}

/** The list below these names; empty if there is none. */
export function listAt(value: unknown, ...names: string[]): unknown[] {
  const found = at(value, ...names)
  return Array.isArray(found) ? found : []
}

/** The object below these names; empty if there is none. */
export function mapAt(value: unknown, ...names: string[]): Members {
  const found = at(value, ...names)
  return isObject(found) ? found : {}
}

/** Adds an element to a list, and creates the list if it is missing. */
export function append(parent: Members, name: string, element: unknown): void {
  const list = parent[name]
  if (Array.isArray(list)) list.push(element)
  else parent[name] = [element]
}

/** Sets a member of a map, and creates the map if it is missing. */
export function put(parent: Members, name: string, key: string, value: unknown): void {
  const map = parent[name]
  if (isObject(map)) map[key] = value
  else parent[name] = { [key]: value }
}
