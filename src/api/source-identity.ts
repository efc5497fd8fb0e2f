import { hash } from 'node:crypto'
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
  return hash('sha256', textOf(condensedSource(source)))
}

/** JSON with the members of each object in the order of their names, and without credentials. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  let text = ''
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name]
    // A file with that name has a text, not members.
    const isLeftOut = member === undefined || (name === 'secretRef' && typeof member === 'object')
    if (!isLeftOut) text += `${JSON.stringify(name)}:${textOf(member)},`
  }
  return `{${text}}`
}
