import type { KeyedCertificate } from './issue.ts'
import { endOf } from './verify.ts'

/** The certificate that the webhook serves with. It changes while the webhook runs. */
export interface ServingCertificate {
  current(): KeyedCertificate | undefined
  /** Resolves when there is a first certificate. */
  readonly first: Promise<KeyedCertificate>
  /** Calls the listener with each certificate after the first. */
  onRenewal(listener: (pair: KeyedCertificate) => void): void
  /** Milliseconds since the epoch. */
  expiresAt(): number | undefined
}

/**
 * A serving certificate and the function that replaces it. `first` rejects with the signal's reason if the
 * signal aborts first.
 */
export function createServingCertificate(signal: AbortSignal): ServingCertificate & {
  publish(pair: KeyedCertificate): void
} {
  const first = Promise.withResolvers<KeyedCertificate>()
  const listeners: ((pair: KeyedCertificate) => void)[] = []
  let current: KeyedCertificate | undefined
  // A caller that does not wait for the first one must not see an unhandled rejection.
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
