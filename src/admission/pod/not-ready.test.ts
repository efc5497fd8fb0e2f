import { describe, expect, test } from 'vitest'
import { aCondition, aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { notReadyText } from './not-ready.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20

function text(status: ModelCacheStatus | undefined, metadata = {}) {
  return notReadyText(NAMESPACE, aModelCache({ name: 'llama-3-3-70b', status, metadata }))
}

const WAIT = 'wait with: kubectl -n ml-team wait --for=condition=Ready modelcache/llama-3-3-70b'

describe('a cache that is not Ready is told', () => {
  test('with its progress and how to wait for it', () => {
    const status = {
      phase: 'Hydrating',
      progress: '62%',
      bytesStaged: 87 * GIB,
      bytesTotal: 140 * GIB,
    } as const
    expect(text(status)).toBe(`ModelCache ml-team/llama-3-3-70b is Hydrating (62%, 87 of 140 GiB); ${WAIT}`)
  })

  test.each<[string, ModelCacheStatus | undefined, string]>([
    ['as Pending before the controller has seen it', undefined, 'is Pending'],
    ['by its phase alone', { phase: 'Resolving' }, 'is Resolving'],
    ['with the share alone', { phase: 'Hydrating', progress: '5%' }, 'is Hydrating (5%)'],
    [
      'with the bytes alone',
      { phase: 'Hydrating', bytesStaged: 0, bytesTotal: 2 * GIB },
      'is Hydrating (0 of 2 GiB)',
    ],
    [
      'in MiB below one GiB',
      { phase: 'Hydrating', bytesStaged: 3 * MIB, bytesTotal: 17 * MIB },
      'is Hydrating (3 of 17 MiB)',
    ],
    [
      'with what the controller waits for, before there is progress',
      {
        phase: 'Pending',
        conditions: [aCondition('Ready', 'False', { message: 'claim weights is Pending' })],
      },
      'is Pending (claim weights is Pending)',
    ],
    ['without a total that is not known', { phase: 'Hydrating', bytesStaged: GIB }, 'is Hydrating'],
  ])('%s', (_, status, expected) => {
    expect(text(status)).toBe(`ModelCache ml-team/llama-3-3-70b ${expected}; ${WAIT}`)
  })

  test('not complete before it is: the staged part is rounded down, the whole up', () => {
    const status = {
      phase: 'Hydrating',
      bytesStaged: Math.floor(9.1 * GIB),
      bytesTotal: Math.ceil(9.2 * GIB),
    } as const
    expect(text(status)).toContain('(9 of 10 GiB)')
  })
})

describe('waiting does not help, and is not advised, for a cache that', () => {
  test('has failed: the text says why, and where there is more', () => {
    const conditions = [aCondition('Failed', 'True', { reason: 'Unauthorized', message: 'the hub says 401' })]
    expect(text({ phase: 'Failed', conditions })).toBe(
      'ModelCache ml-team/llama-3-3-70b has Failed (Unauthorized: the hub says 401); see: kubectl -n ml-team describe modelcache/llama-3-3-70b',
    )
    expect(text({ phase: 'Failed' })).toBe(
      'ModelCache ml-team/llama-3-3-70b has Failed; see: kubectl -n ml-team describe modelcache/llama-3-3-70b',
    )
  })

  test('is being deleted, whatever its phase', () => {
    const deleted = text({ phase: 'Ready' }, { deletionTimestamp: '2031-05-04T03:02:01Z' })
    expect(deleted).toContain('ModelCache ml-team/llama-3-3-70b is being deleted')
    expect(deleted).not.toContain('wait --for')
  })

  test('waits for what only a person can do', () => {
    const status = (reason: string): ModelCacheStatus => ({
      phase: 'Pending',
      conditions: [aCondition('Ready', 'False', { reason, message: 'so it is' })],
    })
    expect(text(status('ClaimWaitsForConsumer'))).toBe(
      'ModelCache ml-team/llama-3-3-70b is Pending (so it is); see: kubectl -n ml-team describe modelcache/llama-3-3-70b',
    )
    for (const reason of ['ClaimNotBound', 'SourceUnavailable', 'Measuring', 'ReasonOfAnotherVersion'])
      expect(text(status(reason))).toContain('wait --for')
  })

  test('is Ready by its own account and has nothing to mount', () => {
    const ready = text({ phase: 'Ready', conditions: [aCondition('Ready', 'True')] })
    expect(ready).toContain('status has no claim or digest to mount')
    expect(ready).not.toContain('wait --for')
  })
})
