import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { hubPart, type Replica, summaryOf } from './summary.ts'

const NOW = Date.parse('2031-06-01T12:00:00Z')
const DIGEST = `sha256:${'5a'.repeat(32)}`
const OTHER = `sha256:${'6b'.repeat(32)}`

const copy = (given: Partial<NonNullable<Replica['copy']>> = {}) => ({
  ...{ phase: 'Ready', ready: true, message: 'it is there', digest: DIGEST, isLeaving: false },
  revision: undefined,
  ...given,
})
const replica = (cluster: string, given: Partial<Replica> = {}): Replica => ({
  ...{ cluster, isPlaced: true, copy: copy() },
  ...given,
})
const hydrating = copy({ phase: 'Hydrating', ready: false, message: '40 %', digest: undefined })

function summary(
  replicas: readonly Replica[],
  { status, own }: { status?: ModelCache['status']; own?: { name: string; isPlaced: boolean } } = {},
) {
  const cache = aModelCache({ metadata: { generation: 3 }, ...(status && { status }) })
  const made = summaryOf({ cache, replicas, own, now: NOW })
  const condition = (type: string) => made.conditions?.find(each => each.type === type)
  return {
    ...made,
    condition,
    entries: Object.fromEntries(made.clusters?.map(each => [each.name, each]) ?? []),
  }
}

describe('a cache that only other clusters stage', () => {
  test('is Ready when all of them have it', () => {
    const { phase, replicas, condition, clusters } = summary([replica('b'), replica('a')])
    expect({ phase, replicas }).toEqual({ phase: 'Ready', replicas: '2/2' })
    expect(clusters?.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(condition('Ready')).toMatchObject({ status: 'True', reason: 'CopiesReady', observedGeneration: 3 })
    expect(condition('Failed')?.status).toBe('False')
    expect(condition('Reconciling')).toBeUndefined()
  })

  test('is as far as the one that is least far, and says which that is', () => {
    const { phase, condition } = summary([
      replica('a'),
      replica('b', { copy: hydrating }),
      replica('c', { copy: undefined }),
    ])
    expect(phase).toBe('Pending')
    expect(condition('Ready')).toMatchObject({
      status: 'False',
      reason: 'CopiesNotReady',
      message: '1 of 3 clusters; b is Hydrating: 40 %',
    })
    expect(condition('Reconciling')?.status).toBe('True')
  })

  test('has Failed where one has', () => {
    const failed = copy({ phase: 'Failed', ready: false, message: 'SourceNotFound: no' })
    const { phase, condition } = summary([replica('a', { copy: hydrating }), replica('b', { copy: failed })])
    expect(phase).toBe('Failed')
    expect(condition('Failed')).toMatchObject({ status: 'True', reason: 'CopiesFailed' })
    expect(condition('Stalled')?.message).toBe('0 of 2 clusters; b is Failed: SourceNotFound: no')
  })

  test('selects no cluster', () => {
    const { phase, replicas, condition } = summary([])
    expect({ phase, replicas }).toEqual({ phase: 'Pending', replicas: '0/0' })
    expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'NoClusterSelected' })
  })

  test('stays Ready where a cluster is silent', () => {
    const before = summary([replica('a'), replica('b')])
    const silent = { unknown: 'not reached (Unreachable): no reply', copy: undefined }
    const after = summary([replica('a', silent), replica('b')], { status: before })
    expect(after.entries.a).toEqual({
      ...{ name: 'a', phase: 'Unknown', ready: true, digest: DIGEST },
      message: 'not reached (Unreachable): no reply',
    })
    expect(after.condition('Ready')).toEqual(before.condition('Ready'))
    const lasting = summary([replica('a', silent), replica('b')], { status: after })
    expect(lasting.entries).toEqual(after.entries)
  })

  test('is not Ready for a silent cluster that never was', () => {
    const { entries, phase } = summary([replica('a', { unknown: 'no reply', copy: undefined })])
    expect(entries.a).toMatchObject({ phase: 'Unknown', ready: false })
    expect(phase).toBe('Pending')
  })

  test('says what it has said while the hub starts again', () => {
    const before = summary([replica('a'), replica('b', { copy: hydrating })])
    const unheard = { isUnheard: true, copy: undefined }
    const after = summary([replica('a', unheard), replica('b', unheard)], { status: before })
    expect({ clusters: after.clusters, replicas: after.replicas, conditions: after.conditions }).toEqual({
      ...{ clusters: before.clusters, replicas: before.replicas, conditions: before.conditions },
    })
    expect(summary([replica('a', unheard)]).entries.a).toMatchObject({ phase: 'Unknown', ready: false })
  })

  test('says when clusters have different bytes', () => {
    const { condition } = summary([replica('a'), replica('b', { copy: copy({ digest: OTHER }) })])
    expect(condition('Replicated')).toMatchObject({
      status: 'True',
      message: `2 of 2 clusters, with different bytes: a has ${DIGEST}, b has ${OTHER}`,
    })
  })

  test('does not count a cluster that it leaves', () => {
    const leaving = replica('b', { isPlaced: false, problem: 'CacheInUse: pods mount it' })
    const { replicas, entries, condition } = summary([replica('a'), leaving])
    expect(replicas).toBe('1/1')
    expect(entries.b?.message).toBe(
      'leaves, because spec.clusterSelector no longer selects the cluster; CacheInUse: pods mount it',
    )
    expect(condition('Ready')?.status).toBe('True')
  })

  test('is not Ready where its copy is being deleted', () => {
    expect(summary([replica('a', { copy: copy({ isLeaving: true }) })]).replicas).toBe('0/1')
  })

  test('names those of many clusters that are not Ready', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      replica(`c${1000 + index}`, index === 499 ? { copy: hydrating } : {}),
    )
    const { clusters, moreClusters, replicas } = summary(many)
    expect({ shown: clusters?.length, moreClusters, replicas }).toEqual({
      ...{ shown: 200, moreClusters: 300, replicas: '499/500' },
    })
    expect(clusters?.at(-1)).toMatchObject({ name: 'c1499', phase: 'Hydrating' })
  })
})

describe('a cache that the cluster of the hub stages, too', () => {
  const own = { name: 'here', isPlaced: true }
  const here = { name: 'here', phase: 'Ready', ready: true, digest: DIGEST }
  const status: ModelCache['status'] = { phase: 'Ready', clusters: [here] }

  test('gets only what the others say', () => {
    const made = summary([replica('a', { copy: hydrating })], { status, own })
    expect(made.clusters?.map(({ name }) => name)).toEqual(['a'])
    expect(made.replicas).toBe('1/2')
    expect(made.conditions?.map(({ type }) => type)).toEqual(['Replicated'])
    expect(made.phase).toBeUndefined()
  })

  test('is not counted there once it leaves', () => {
    const made = summary([replica('a')], { status, own: { ...own, isPlaced: false } })
    expect(made.replicas).toBe('1/1')
  })

  test('has two parts of status', () => {
    const cache = aModelCache({ metadata: { generation: 3 }, status })
    const part = summaryOf({ cache, replicas: [replica('a')], own, now: NOW })
    const stored = {
      ...cache,
      status: { ...status, ...part, clusters: [...(part.clusters ?? []), here] },
    }
    expect(hubPart({ cache: stored, own })).toEqual(JSON.parse(JSON.stringify(part)))
    expect(hubPart({ cache, own })).toBeUndefined()
  })
})
