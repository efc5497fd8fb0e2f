import { createHash } from 'node:crypto'

/** Kubernetes: the value of a label has at most 63 characters. */
const MAX_LABEL = 63
const HASH = 8

/** A name as the value of a label. A longer one ends in a part of its hash, so that no two are the same. */
export function shortLabel(name: string): string {
  if (name.length <= MAX_LABEL) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH)
  return `${name.slice(0, MAX_LABEL - HASH - 1)}-${hash}`
}
