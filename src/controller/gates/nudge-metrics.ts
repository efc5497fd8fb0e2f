import { Counter, type Registry } from 'prom-client'
import { RETRYING_KINDS } from './retrying-kinds.ts'

/** Counts the workloads that try again because a cache is Ready. */
export function createNudgeMetrics({ registry }: { registry: Registry }) {
  const nudges = new Counter({
    name: 'modelcache_nudges_total',
    help: 'Workloads whose pods were denied, and that were told to try again because a cache is Ready.',
    labelNames: ['kind'] as const,
    registers: [registry],
  })
  for (const { kind } of RETRYING_KINDS) nudges.inc({ kind }, 0)
  return {
    observeNudge(kind: string): void {
      nudges.inc({ kind })
    },
  }
}

export type NudgeMetrics = ReturnType<typeof createNudgeMetrics>
