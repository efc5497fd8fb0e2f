import { expect, test } from 'vitest'
import { aModelCache } from '../api/fixtures.ts'
import { createMetrics } from '../process/metrics.ts'
import type { CacheCopy } from './caches/copy.ts'
import { exposeCopies } from './metrics.ts'

const copy = (name: string, phase: string): CacheCopy => ({
  metadata: { name, namespace: 'ml-team' },
  fingerprint: '',
  state: { phase, ready: phase === 'Ready', revision: undefined },
})

test('copies are counted by cluster and phase, and nobody makes up a phase', async () => {
  const metrics = createMetrics()
  const copies = [copy('a', 'Ready'), copy('b', 'Ready'), copy('c', '"},evil{'), copy('gone', 'Ready')]
  exposeCopies(metrics, {
    copies: () => [['east', { store: { get: () => undefined, values: () => copies } }]],
    caches: { get: (_, name) => (name === 'gone' ? undefined : aModelCache()) },
  })
  const lines = (await metrics.registry.metrics())
    .split('\n')
    .filter(line => line.startsWith('modelcache_hub'))
  expect(lines).toEqual([
    'modelcache_hub_copies{cluster="east",phase="Ready"} 2',
    'modelcache_hub_copies{cluster="east",phase="Unknown"} 1',
    'modelcache_hub_copies{cluster="east",phase="Orphaned"} 1',
  ])
})
