import { createHash } from 'node:crypto'
import { condensedSource } from './condensed.ts'
import type { ModelCacheSpec } from './modelcache.ts'
import { askSource } from './sources.ts'

/**
 * The same text for sources that give the same bytes, another for any other: a digest over all of the source but its
 * credentials, whatever the order of its members. Undefined where there is no source, and where it is known to its
 * Job alone.
 */
export function sourceIdentity({ artifact }: ModelCacheSpec): string | undefined {
  const { source } = artifact
  const isKnown = askSource(source, (type, value) => type.isKnown?.(value) ?? true)
  if (source === undefined || isKnown === false) return undefined
  // Of a cache that is kept in memory no more is known.
  const text = JSON.stringify(condensedSource(source), (name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    // A file of that name has a text, not members.
    return name === 'secretRef' ? undefined : Object.fromEntries(Object.entries(value).toSorted(byName))
  })
  return createHash('sha256').update(text).digest('hex')
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}
