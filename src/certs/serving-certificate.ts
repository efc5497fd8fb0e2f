import type { KeyedCertificate } from './issue.ts'
import { endOf } from './verify.ts'

/** The certificate that the webhook serves with, which changes while it serves. */
export interface ServingCertificate {
  current(): KeyedCertificate | undefined
  /** Resolves when the first is there. */
  readonly first: Promise<KeyedCertificate>
  /** Calls the listener with each one after the first. */
  onRenewal(listener: (pair: KeyedCertificate) => void): void
  /** Milliseconds since the epoch. */
  expiresAt(): number | undefined
}

/** A serving certificate and the way to change it. `first` rejects with the signal's reason if that aborts before. */
export function createServingCertificate(signal: AbortSignal): ServingCertificate & {
  publish(pair: KeyedCertificate): void
} {
  const first = Promise.withResolvers<KeyedCertificate>()
  const listeners: ((pair: KeyedCertificate) => void)[] = []
  let current: KeyedCertificate | undefined
  // Whoever does not wait for the first must not be hit by the rejection.
  first.promise.catch(() => {})
  signal.addEventListener('abort', () => first.reject(signal.reason), { once: true })
  return {
    current: () => current,
    first: first.promise,
    onRenewal: listener => listeners.push(listener),
    expiresAt: () => current && endOf(current.certPem),
    publish(pair) {
      const isFirst = current === undefined
      current = pair
      if (isFirst) first.resolve(pair)
      else for (const listener of listeners) listener(pair)
    },
  }
}
