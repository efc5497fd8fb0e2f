import type { SeenEvent } from './objects.ts'
import { ageOf, line } from './words.ts'

/** When an event happened last. */
export function timeOf(event: SeenEvent): string {
  const { series, lastTimestamp, eventTime, firstTimestamp, metadata } = event
  return (
    series?.lastObservedTime ??
    lastTimestamp ??
    eventTime ??
    firstTimestamp ??
    metadata.creationTimestamp ??
    ''
  )
}

/** Events in the order of time, the oldest first. */
export function inOrder(events: readonly SeenEvent[]): SeenEvent[] {
  const times = new Map(events.map(event => [event, Date.parse(timeOf(event)) || 0]))
  return events.toSorted((one, other) => (times.get(one) ?? 0) - (times.get(other) ?? 0))
}

/** `3m ago, 12 times: FailedCreate: …` */
export function eventLine(event: SeenEvent, now: number): string {
  const times = event.series?.count ?? event.count ?? 1
  const often = times > 1 ? `, ${times} times` : ''
  return `${ageOf(timeOf(event), now)} ago${often}: ${line(event.reason, 60)}: ${line(event.message)}`
}

/** The last warnings, the newest first, and each text once. */
export function lastWarnings(events: readonly SeenEvent[], max: number): SeenEvent[] {
  const warnings = inOrder(events.filter(({ type }) => type === 'Warning')).toReversed()
  const once = new Map(warnings.toReversed().map(event => [`${event.reason} ${event.message}`, event]))
  return warnings.filter(event => once.get(`${event.reason} ${event.message}`) === event).slice(0, max)
}
