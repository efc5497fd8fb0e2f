import { createHash } from 'node:crypto'
import { condensedSource } from './condensed.ts'
import type { ModelCacheSpec } from './modelcache.ts'
import { askSource } from './sources.ts'

/**
 * The same text for sources that give the same bytes, and different texts otherwise: a digest of the whole
 * source except its credentials, whatever the order of its members. Undefined if there is no source, or if
 * only its Job knows it.
 */
export function sourceIdentity({ artifact }: ModelCacheSpec): string | undefined {
  const { source } = artifact
  const isKnown = askSource(source, (type, value) => type.isKnown?.(value) ?? true)
  if (source === undefined || isKnown === false) return undefined
  // A cache that is kept in memory has only this.
  const text = JSON.stringify(condensedSource(source), (name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    // A file with that name has a text, not members.
    return name === 'secretRef' ? undefined : Object.fromEntries(Object.entries(value).toSorted(byName))
  })
  return createHash('sha256').update(text).digest('hex')
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}
