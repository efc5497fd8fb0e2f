import { type Aggregator, Gauge, type Registry } from 'prom-client'
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
    aggregator: Aggregator = 'sum',
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
  gauge('modelcache_watch_objects', 'Objects held in memory.', kind => kind.size(), 'max')
  gauge(
    'modelcache_watch_malformed_objects',
    'Objects that were left out because they cannot be parsed.',
    kind => kind.malformed(),
    'max',
  )
  gauge(
    'modelcache_watch_restarts',
    'Watches that were opened again since the start.',
    ({ stats }) => stats.restarts,
  )
  gauge(
    'modelcache_watch_errors',
    'Lists and watches that failed since the start.',
    ({ stats }) => stats.errors,
  )
  gauge(
    'modelcache_watch_last_event_timestamp_seconds',
    'Last sign of life of the watch, bookmarks included.',
    ({ stats }) => (stats.lastEventAt ?? 0) / 1000,
    'min',
  )
}
