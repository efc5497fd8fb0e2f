/** A JSON Patch operation (RFC 6902). Injection only adds. */
export interface Operation {
  op: 'add'
  path: string
  value: unknown
}

/** A JSON Pointer (RFC 6901) to a member. `~` and `/` in its name are escaped. */
export function pointer(parent: string, member: string | number): string {
  return `${parent}/${typeof member === 'number' ? member : escaped(member)}`
}

/** To look for a character costs less than a replacement, and few names have a tilde. */
function escaped(name: string): string {
  const once = name.includes('~') ? name.replaceAll('~', '~0') : name
  return once.includes('/') ? once.replaceAll('/', '~1') : once
}

/**
 * Collects additions to one object, and remembers what it has created: the first element of an absent array
 * or map creates the array or map, and later ones are appended.
 */
export function createPatch() {
  const operations: Operation[] = []
  const created = new Set<string>()
  const missing = (parent: string, existing: unknown) => existing === undefined && !created.has(parent)

  return {
    operations,
    /** Appends to the array at `parent`. `existing` is what the object has there. */
    append(parent: string, existing: readonly unknown[] | undefined, value: unknown): void {
      if (missing(parent, existing)) {
        operations.push({ op: 'add', path: parent, value: [value] })
        created.add(parent)
      } else {
        operations.push({ op: 'add', path: pointer(parent, '-'), value })
      }
    },
    /** Sets a member of the map at `parent`, unless it already has that value. */
    set(
      parent: string,
      existing: Readonly<Record<string, string | undefined>> | undefined,
      key: string,
      value: string,
    ): void {
      if (existing?.[key] === value) return
      if (missing(parent, existing)) {
        operations.push({ op: 'add', path: parent, value: { [key]: value } })
        created.add(parent)
      } else {
        operations.push({ op: 'add', path: pointer(parent, key), value })
      }
    },
  }
}

export type Patch = ReturnType<typeof createPatch>
