import { type Aggregator, Counter, Gauge, type Registry } from 'prom-client'
import type { ClusterWatches, WatchedKind } from './watches.ts'

/** Shows the state of the watches, read at each scrape. */
export function exposeWatches(
  { registry }: { registry: Registry },
  watches: Pick<ClusterWatches, 'kinds'>,
): void {
  const gauge = (
    name: string,
    help: string,
    read: (kind: WatchedKind) => number,
    // How to combine the values of workers. Each worker has its own watches.
    aggregator: Aggregator,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['kind'] as const,
      registers: [registry],
      aggregator,
      collect() {
        for (const kind of watches.kinds) this.set({ kind: kind.name }, read(kind))
      },
    })
  const counter = (name: string, help: string, read: (kind: WatchedKind) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['kind'] as const,
      registers: [registry],
      collect() {
        this.reset()
        for (const kind of watches.kinds) this.inc({ kind: kind.name }, read(kind))
      },
    })
  gauge('modelcache_watch_objects', 'Objects held in memory.', kind => kind.size(), 'max')
  gauge(
    'modelcache_watch_malformed_objects',
    'Objects that were left out because they cannot be parsed.',
    kind => kind.malformed(),
    'max',
  )
  counter('modelcache_watch_restarts_total', 'Watches that were opened again.', ({ stats }) => stats.restarts)
  counter('modelcache_watch_errors_total', 'Lists and watches that failed.', ({ stats }) => stats.errors)
  gauge(
    'modelcache_watch_last_event_timestamp_seconds',
    'Last sign of life of the watch, bookmarks included.',
    ({ stats }) => (stats.lastEventAt ?? 0) / 1000,
    'min',
  )
}
