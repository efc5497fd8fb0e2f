import { describe, expect, test } from 'vitest'
import { anInferenceCluster, aReadyCache } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { CacheCopy } from '../caches/copy.ts'
import type { DeploymentCopy } from './copy.ts'
import { aCluster, aSpread, copiesOf } from './fixtures.ts'
import { type Surroundings, sitesOf } from './sites.ts'

const NOW = Date.parse('2031-05-04T04:00:00Z')
const cacheCopy = (ready: boolean): CacheCopy => ({
  metadata: { name: 'llama' },
  fingerprint: 'x',
  state: { phase: ready ? 'Ready' : 'Hydrating', ready, message: '62%', revision: undefined },
})
const copy = (readyReplicas: number): DeploymentCopy => ({
  metadata: { name: 'chat' },
  fingerprint: 'x',
  state: { replicas: 2, readyReplicas, updatedReplicas: 2, isComplete: readyReplicas === 2 },
})
const CACHE: ModelCache | undefined = aReadyCache()

function around(given: Partial<Surroundings> = {}): Surroundings {
  return {
    clusters: [aCluster('east'), aCluster('west')],
    clusterName: undefined,
    caches: { get: () => CACHE },
    cacheCopies: { get: () => copiesOf(cacheCopy(true)) },
    copies: { get: () => copiesOf<DeploymentCopy>(undefined) },
    graceMs: 60_000,
    now: NOW,
    ...given,
  }
}
const share = (name: string, replicas: number, readyReplicas = 0) => ({ name, replicas, readyReplicas })
const only = (given: Partial<Surroundings>, deployment = aSpread()) => sitesOf(deployment, around(given))?.[0]

describe('a cluster', () => {
  test('can serve if it answers and its caches are Ready', () => {
    expect(sitesOf(aSpread(), around())).toMatchObject([
      { cluster: 'east', state: 'open', share: 0, serving: 0, readyCaches: 1 },
      { cluster: 'west', state: 'open' },
    ])
  })

  test.each<[string, Partial<Surroundings>, string]>([
    ['it is not in the hub', { caches: { get: () => undefined } }, 'there is no ModelCache llama'],
    [
      'it does not go there',
      { cacheCopies: { get: () => copiesOf<CacheCopy>(undefined) } },
      'cache llama is not there; its clusterSelector must select the cluster, too',
    ],
    [
      'it is on its way',
      { cacheCopies: { get: () => copiesOf(cacheCopy(false)) } },
      'cache llama is Hydrating: 62%',
    ],
  ])('cannot serve without a cache: %s', (_, given, obstacle) => {
    const site = only(given)
    expect(site).toMatchObject({ state: 'unready', readyCaches: 0 })
    expect(site?.obstacle).toContain(obstacle)
  })

  test('that does not answer keeps its share for a while, as it was', () => {
    const status = { clusters: [share('east', 2, 1)] }
    const clusters = [aCluster('east', NOW - 59_000), aCluster('west')]
    expect(only({ clusters }, aSpread({ status }))).toMatchObject({
      ...{ state: 'silent', share: 2, serving: 1, lostAt: NOW + 1_000 },
      unknown: 'not reached (Unreachable): connection refused',
    })
  })

  test('that does not answer for longer is lost', () => {
    const clusters = [aCluster('east', NOW - 60_000), aCluster('west')]
    const status = { clusters: [share('east', 2)] }
    expect(only({ clusters }, aSpread({ status }))).toMatchObject({ state: 'lost' })
  })

  test.each([
    ['its ModelDeployments', { copies: { get: () => undefined } }],
    ['its ModelCaches', { cacheCopies: { get: () => undefined } }],
  ])('that was not heard yet by a hub that has just started keeps its share: %s', (_, given) => {
    const status = { clusters: [share('east', 2, 2)] }
    expect(only(given, aSpread({ status }))).toMatchObject({ state: 'silent', serving: 2, isUnheard: true })
  })

  test('counts for its share, whatever it says', () => {
    const status = { clusters: [share('east', 1)] }
    const copies = { get: () => copiesOf(copy(9_999)) }
    expect(only({ copies }, aSpread({ status }))).toMatchObject({ serving: 1 })
  })

  test('that is not selected any more is there until its instances are gone', () => {
    const spec = { clusterSelector: { matchLabels: { region: 'west' } } }
    const copies = { get: (name: string) => copiesOf(name === 'east' ? copy(1) : undefined) }
    const status = { clusters: [share('east', 2, 2)] }
    expect(only({ copies }, aSpread({ spec, status }))).toMatchObject({
      ...{ cluster: 'east', state: 'left', serving: 1 },
    })
    expect(only({}, aSpread({ spec }))).toMatchObject({ cluster: 'west' })
  })
})

describe("the hub's own cluster", () => {
  const clusters = [anInferenceCluster('home'), aCluster('west')]
  const local = { replicas: 2, readyReplicas: 1, updatedReplicas: 2, complete: false }

  test('counts what its controller says', () => {
    const status = { clusters: [share('home', 2)], local }
    expect(only({ clusters }, aSpread({ status }))).toMatchObject({
      ...{
        cluster: 'home',
        isOwn: true,
        state: 'open',
        share: 2,
        serving: 1,
        instances: { ...local, isComplete: false },
      },
    })
  })

  test('cannot serve without its caches', () => {
    const staged = aReadyCache()
    const elsewhere = { ...staged, status: { ...staged.status, claimName: undefined } }
    const caches = { get: () => elsewhere }
    expect(only({ clusters, caches })).toMatchObject({ obstacle: 'cache llama is not Ready there' })
  })

  test('alone needs no hub', () => {
    expect(sitesOf(aSpread(), around({ clusters: [anInferenceCluster('home')] }))).toBeUndefined()
    expect(sitesOf(aSpread({ spec: { clusterSelector: undefined } }), around())).toBeUndefined()
  })
})

test('a placement names clusters, whether they are registered or not', () => {
  const placement = [
    { cluster: 'moon', replicas: 3 },
    { cluster: 'west', replicas: 1 },
  ]
  expect(sitesOf(aSpread({ spec: { clusterSelector: undefined, placement } }), around())).toMatchObject([
    { cluster: 'moon', state: 'unready', obstacle: 'there is no InferenceCluster of this name' },
    { cluster: 'west', state: 'open' },
  ])
})

test('of very many clusters, those with instances are named, and as many others as there is room for', () => {
  const clusters = Array.from({ length: 300 }, (_, index) => aCluster(`c${String(index).padStart(3, '0')}`))
  const status = { clusters: [share('c299', 1)] }
  const sites = sitesOf(aSpread({ status }), around({ clusters })) ?? []
  expect(sites).toHaveLength(200)
  expect(sites.at(-1)?.cluster).toBe('c299')
  expect(sites.at(-2)?.cluster).toBe('c198')
})
