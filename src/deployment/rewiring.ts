import type { ModelDeployment } from '../api/modeldeployment.ts'
import { few, foreign } from '../api/schema/text.ts'
import { gangStart } from './bootstrap/gang-start.ts'
import type { Words } from './words.ts'

/** This much of a word is shown. Scripts are longer. */
const MAX_WORD = 100

/**
 * What was changed in the words of an engine, for people; undefined if it runs with the words of its author.
 */
export function rewiring(author: ModelDeployment, wired: ModelDeployment): string | undefined {
  const { engine, workers } = wired.spec
  const given = author.spec.engine
  if (workers.topology.strategy === 'Tensor') return changed('the engine runs', given, engine)
  const { leader, worker } = gangStart(wired)
  const parts = [
    changed('the leader runs', given, leader.words),
    changed('workers run', given, worker.words),
  ].filter(part => part !== undefined)
  return parts.length === 0 ? undefined : parts.join('; ')
}

function changed(who: string, before: Words, after: Words): string | undefined {
  const [old, now] = [wordsOf(before), wordsOf(after)]
  const [added, gone] = [without(now, old), without(old, now)]
  if (added.length === 0 && gone.length === 0) return undefined
  const parts = [
    ...(added.length === 0 ? [] : [`with ${shown(added)}`]),
    ...(gone.length === 0 ? [] : [`without ${shown(gone)}`]),
  ]
  return `${who} ${parts.join(', ')}`
}

function wordsOf({ command = [], args = [] }: Words): string[] {
  return [...command, ...args]
}

function without(words: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return words.filter(word => !known.has(word))
}

function shown(words: readonly string[]): string {
  return few(words.map(word => foreign(word, MAX_WORD)))
}
