import { createHash } from 'node:crypto'
import { condensedSource } from './condensed.ts'
import type { ModelCacheSpec } from './modelcache.ts'

/**
 * The same text for sources that give the same bytes, another for any other: a digest over all of the source but its
 * credentials, whatever the order of its members. Undefined where there is no source.
 */
export function sourceIdentity({ artifact }: ModelCacheSpec): string | undefined {
  const { source } = artifact
  // Of a URL that a Secret holds nothing is known.
  if (source === undefined || (source.http && source.http.url === undefined)) return undefined
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
