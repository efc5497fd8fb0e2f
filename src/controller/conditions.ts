import type { Condition } from '../api/condition.ts'

/**
 * The condition to store: `lastTransitionTime` changes only when `status` does, as metav1.Condition demands.
 * `now` is in milliseconds since the epoch.
 */
export function condition(
  previous: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  now: number,
): Condition {
  const before = previous?.find(({ type }) => type === next.type)
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : rfc3339(now)
  return { ...next, lastTransitionTime }
}

/** A time as the API server writes it, in whole seconds. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
