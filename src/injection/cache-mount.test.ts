import { describe, expect, test } from 'vitest'
import { aCondition, aModelCache, aReadyCache, DIGEST, SNAPSHOT } from '../api/fixtures.ts'
import type { ModelCacheStatus } from '../api/modelcache-status.ts'
import { snapshotPath } from '../api/volume-layout.ts'
import { readyMount, snapshotMount, subPathOf, waitingMount } from './cache-mount.ts'

const READY: ModelCacheStatus = {
  phase: 'Ready',
  conditions: [aCondition('Ready', 'True')],
  claimName: 'modelcache--llama',
  resolvedDigest: DIGEST,
}

describe('a cache on a claim of its own', () => {
  test('that is Ready is mounted at the snapshot of its digest, never at the root', () => {
    expect(readyMount(aReadyCache())).toEqual({
      kind: 'snapshot',
      cache: 'llama',
      claimName: 'modelcache--llama',
      mountPath: '/mnt/model',
      scratch: [],
      digest: DIGEST,
    })
  })

  test('that is staged into a folder of another claim is mounted from there', () => {
    const spec = {
      storage: { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath: 'llama/' } },
    } as const
    const cache = aModelCache({ spec, status: { ...READY, claimName: 'models' } })
    const mount = readyMount(cache)
    expect(mount).toMatchObject({ kind: 'snapshot', claimName: 'models', digest: DIGEST })
    expect(mount && subPathOf(mount)).toEqual({ subPath: `llama/${SNAPSHOT}` })
    const waiting = waitingMount(cache)
    expect(waiting && subPathOf(waiting).subPathExpr).toMatch(/^llama\/snapshots\/\$\(\w+\)$/)
  })

  test('is mounted from the folder of that snapshot', () => {
    expect(subPathOf(snapshotMount(aReadyCache(), DIGEST))).toEqual({ subPath: SNAPSHOT })
  })

  test('that fetches again stays mountable: Ready is latched, whatever the phase', () => {
    expect(readyMount(aModelCache({ status: { ...READY, phase: 'Hydrating' } }))).toBeDefined()
  })

  const unusable: [string, ModelCacheStatus | undefined][] = [
    ['has no status', undefined],
    ['has no conditions', { phase: 'Ready', claimName: 'c', resolvedDigest: DIGEST }],
    ['is not Ready', { ...READY, conditions: [aCondition('Ready', 'False')] }],
    ['is Ready with status Unknown', { ...READY, conditions: [aCondition('Ready', 'Unknown')] }],
    ['is only Populated', { ...READY, conditions: [aCondition('Populated', 'True')] }],
    ['reports no claim', { ...READY, claimName: undefined }],
    ['reports no digest', { ...READY, resolvedDigest: undefined }],
  ]
  test.each(unusable)('that %s cannot be mounted', (_, status) => {
    expect(readyMount(aModelCache({ status }))).toBeUndefined()
  })

  test('that is being deleted cannot be mounted', () => {
    const metadata = { deletionTimestamp: '2031-05-04T03:02:01Z' }
    expect(readyMount(aModelCache({ metadata, status: READY }))).toBeUndefined()
  })
})

describe('a cache on a claim that people filled', () => {
  const existing = (subPath: string | undefined, ready: 'True' | 'False' = 'True', deleted = false) =>
    aModelCache({
      metadata: deleted ? { deletionTimestamp: '2031-05-04T03:02:01Z' } : {},
      spec: {
        artifact: {},
        storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged', subPath } },
      },
      status: { conditions: [aCondition('Ready', ready)], claimName: 'ops-staged' },
    })

  test.each([
    ['at its root', undefined],
    ['at the folder that it names', 'llama/70b'],
  ])('is mounted %s', (_, subPath) => {
    expect(readyMount(existing(subPath))).toEqual({
      kind: 'claim',
      cache: 'llama',
      claimName: 'ops-staged',
      subPath,
      mountPath: '/mnt/model',
      scratch: [],
      waits: false,
    })
  })

  test('cannot be mounted while it is not Ready or is being deleted', () => {
    expect(readyMount(existing(undefined, 'False'))).toBeUndefined()
    expect(readyMount(existing(undefined, 'True', true))).toBeUndefined()
  })
})

test('a snapshot folder has no colon, which SMB shares deny', () => {
  expect(snapshotPath('sha256:abc')).toBe('snapshots/sha256-abc')
})
