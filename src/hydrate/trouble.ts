import { channel } from 'node:diagnostics_channel'
import type { FailureReason } from '../api/failure-reasons.ts'

/** Why a hydration does not get on at the moment. It tries again by itself. */
export interface Trouble {
  reason: FailureReason
  message: string
  /** It waits until somebody changes a Secret or a ConfigMap. */
  isWaiting: boolean
}

/**
 * Retries are deep inside of sources and connections, and progress is shown at the top. A channel of Node
 * connects them, so that no function in between has to pass it on.
 */
const troubles = channel('modelcache.hydrate.trouble')

/** Says what the trouble is, or that it is over. */
export function tellTrouble(trouble: Trouble | undefined): void {
  troubles.publish({ trouble })
}

/** Calls the listener with each trouble. Returns a function that stops this. */
export function onTrouble(listener: (trouble: Trouble | undefined) => void): () => void {
  const listen = (told: unknown) => listener((told as { trouble: Trouble | undefined }).trouble)
  troubles.subscribe(listen)
  return () => {
    troubles.unsubscribe(listen)
  }
}
