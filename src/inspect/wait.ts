import type { ModelCache } from '../api/modelcache.ts'
import { PAUSED } from '../api/names.ts'
import { conditionOf, isReady } from '../api/readiness.ts'
import { line } from './words.ts'

/** `ended` with what a person does next, or `going` with how far it is. */
export interface Waited {
  state: 'ready' | 'failed' | 'going'
  words: string
}

/**
 * What a person who waits for a cache has reached. A failure that the controller tries again by itself is one
 * too: only somebody who reads it knows whether to wait on. What is older than the present spec does not
 * count.
 */
export function waited(cache: ModelCache): Waited {
  const { metadata, status } = cache
  const current = status?.observedGeneration === metadata.generation
  const ready = conditionOf(status, 'Ready')
  if (metadata.deletionTimestamp !== undefined) return { state: 'failed', words: 'is being deleted' }
  if (!current || ready === undefined) {
    const isPaused = metadata.annotations?.[PAUSED] === 'true'
    return {
      state: 'going',
      words: isPaused ? `is paused; remove annotation ${PAUSED}` : 'waits for the controller',
    }
  }
  const why = `${line(ready.reason, 60)}: ${line(ready.message)}`
  if (isReady(cache)) return { state: 'ready', words: 'is Ready' }
  if (conditionOf(status, 'Failed')?.status === 'True' || conditionOf(status, 'Stalled')?.status === 'True')
    return { state: 'failed', words: `has failed: ${why}` }
  const share = status?.progress === undefined ? '' : ` ${line(status.progress, 16)}`
  return { state: 'going', words: `is ${status?.phase ?? 'Pending'}${share}: ${why}` }
}
