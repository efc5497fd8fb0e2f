import { expect, test } from 'vitest'
import { aModelCache } from '../api/fixtures.ts'
import { createMetrics } from '../process/metrics.ts'
import type { CacheCopy } from './caches/copy.ts'
import { aSpread } from './deployments/fixtures.ts'
import { exposeCopies, exposeShares } from './metrics.ts'

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

test.each([
  [true, ['{cluster="east",state="wanted"} 5', '{cluster="east",state="ready"} 1']],
  [false, []],
])('replicas are summed up by cluster if it leads: %s', async (leads, expected) => {
  const metrics = createMetrics()
  const clusters = (replicas: number) => [{ name: 'east', replicas, readyReplicas: replicas % 2 }]
  const deployments = [2, 3].map(replicas => aSpread({ status: { clusters: clusters(replicas) } }))
  exposeShares(metrics, { deployments: { values: () => deployments }, leads: () => leads })
  const lines = (await metrics.registry.metrics()).split('\n')
  const found = lines.filter(line => line.startsWith('modelcache_hub'))
  expect(found).toEqual(expected.map(line => `modelcache_hub_replicas${line}`))
})
