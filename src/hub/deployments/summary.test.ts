import { describe, expect, test } from 'vitest'
import type { ServingState } from './copy.ts'
import { aSpread } from './fixtures.ts'
import type { Site } from './sites.ts'
import { changesOf, orphansOf, spread } from './spread.ts'
import { hubPart, summaryOf } from './summary.ts'

const NOW = Date.parse('2031-05-04T04:00:00Z')

function aSite(cluster: string, given: Partial<Site> = {}): Site {
  return { cluster, isOwn: false, state: 'open', share: 0, serving: 0, readyCaches: 1, ...given }
}
function serving(cluster: string, ready: number, of: number, given: Partial<Site> = {}): Site {
  const instances: ServingState = {
    ...{ replicas: of, readyReplicas: ready, updatedReplicas: of, isComplete: ready === of },
    message: `${ready} of ${of} serve`,
  }
  const copy = { ...instances, isLeaving: false }
  return aSite(cluster, { share: of, serving: ready, instances, copy, ...given })
}

function told(sites: readonly Site[], deployment = aSpread()) {
  const status = summaryOf({ deployment, sites, shares: spread(deployment, sites), now: NOW })
  const of = (type: string) => {
    const found = status.conditions?.find(each => each.type === type)
    return found && `${found.status} ${found.reason}: ${found.message}`
  }
  return {
    ...status,
    available: of('Available'),
    caches: of('CachesReady'),
    progressing: of('Progressing'),
    stalled: of('Stalled'),
    messages: status.clusters?.map(({ name, replicas, message }) => `${name} ${replicas}: ${message}`),
  }
}

test('all serve', () => {
  expect(told([serving('east', 2, 2), serving('west', 2, 2)])).toMatchObject({
    observedGeneration: 1,
    ...{ replicas: 4, readyReplicas: 4, updatedReplicas: 4, ready: '4/4', serving: '2/2', caches: '1/1' },
    available: 'True AllServe: 4 serve, in 2 clusters',
    caches: 'True Ready: all caches are Ready in 2 of 2 clusters',
    progressing: 'False Complete: all instances run the present spec',
  })
})

describe('it says what is missing:', () => {
  test.each<[string, Site[], object]>([
    [
      'nothing is there yet',
      [aSite('east'), aSite('west')],
      {
        serving: '0/2',
        available: 'False ClustersNotReady: 0 of 4 serve; east: its objects are being created',
        progressing: 'True RollingOut: 0 of 4 run the present spec',
      },
    ],
    [
      'pods of one cluster do not start',
      [serving('east', 2, 2), serving('west', 1, 2)],
      { ready: '3/4', available: 'False ClustersNotReady: 3 of 4 serve; west: 1 of 2 serve' },
    ],
    [
      'no cluster has the cache',
      [aSite('east', { state: 'unready', obstacle: 'cache llama is Hydrating: 62%' })],
      {
        available: 'False CacheNotReady: 0 of 4 serve; east: cache llama is Hydrating: 62%',
        caches: 'False CacheNotReady: east: cache llama is Hydrating: 62%',
        serving: '0/0',
      },
    ],
    [
      'one cluster lacks the cache, and the others serve all the same',
      [serving('east', 4, 4), aSite('west', { state: 'unready', obstacle: 'cache llama is Failed: x' })],
      {
        available: 'True AllServe: 4 serve, in 1 cluster',
        caches: 'True Ready: all caches are Ready in 1 of 2 clusters',
        messages: ['east 4: 4 of 4 serve', 'west 0: cache llama is Failed: x'],
      },
    ],
    [
      'a cluster rejects its copy',
      [serving('east', 2, 2), aSite('west', { share: 2, problem: 'exceeded quota' })],
      { stalled: 'True Stuck: west: exceeded quota', progressing: 'False Stuck: west: exceeded quota' },
    ],
    [
      'a cluster is silent',
      [serving('east', 2, 2), aSite('west', { state: 'silent', share: 2, serving: 2, obstacle: 'gone' })],
      {
        ready: '4/4',
        available: expect.stringMatching(/^True/),
        messages: ['east 2: 2 of 2 serve', 'west 2: gone'],
      },
    ],
    [
      'a cluster is lost',
      [serving('east', 2, 2), aSite('west', { state: 'lost', share: 2, serving: 2, obstacle: 'gone' })],
      {
        ready: '2/4',
        messages: [
          'east 4: 2 of 2 serve',
          'west 2: others serve in its place until the cluster is back; gone',
        ],
      },
    ],
    [
      'a cluster gives up its share',
      [serving('east', 4, 4), serving('west', 0, 0)],
      { messages: ['east 4: 4 of 4 serve', 'west 2: 0 of 0 serve'] },
    ],
    [
      'the selector selects none',
      [],
      {
        available: expect.stringMatching(/^False NoClusterSelected/),
        stalled: expect.stringMatching(/^True Stuck/),
      },
    ],
  ])('%s', (_, sites, expected) => {
    expect(told(sites)).toMatchObject(expected)
  })
})

test('a placement is followed to the letter', () => {
  const placement = [
    { cluster: 'east', replicas: 1 },
    { cluster: 'west', replicas: 3 },
  ]
  const sites = [
    serving('east', 4, 4),
    aSite('west', { state: 'unready', obstacle: 'x' }),
    serving('old', 1, 1),
  ]
  const shares = spread(aSpread({ spec: { placement } }), sites)
  expect([...shares]).toEqual([
    ['east', 1],
    ['west', 3],
    ['old', 0],
  ])
  expect(changesOf(sites, shares)).toEqual(['east 4 → 1', 'west 0 → 3', 'old 1 → 0'])
})

test('a cluster whose InferenceCluster is gone leaves an orphan, unless it had no share or is placed all the same', () => {
  const entry = (name: string, replicas: number) => ({ name, replicas, readyReplicas: 0 })
  const before = { clusters: [entry('gone', 1), entry('idle', 0), entry('moon', 1), entry('west', 1)] }
  const after = { clusters: [entry('moon', 1)] }
  expect(orphansOf(before, after, name => name === 'west')).toEqual(['gone'])
})

test('what a cluster says cannot fill the status', () => {
  const site = aSite('east', { state: 'unready', obstacle: `\u001b[2J${'x'.repeat(100_000)}` })
  const status = told(Array.from({ length: 200 }, (_, index) => ({ ...site, cluster: `c${index}` })))
  expect(JSON.stringify(status).length).toBeLessThan(300_000)
  expect(JSON.stringify(status)).not.toContain('\\u001b')
})

test('what the controller writes is not compared', () => {
  const clusters = [{ name: 'east', replicas: 1, readyReplicas: 0 }]
  const local = { replicas: 0, readyReplicas: 0, updatedReplicas: 0, complete: true }
  expect(hubPart(aSpread({ status: { clusters, local } }))).toEqual({ clusters })
  expect(hubPart(aSpread({ status: { ready: '1/1' } }))).toBeUndefined()
})
