import { describe, expect, test } from 'vitest'
import { anInferenceCluster } from '../api/fixtures.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import { clusterStatus, type Found } from './cluster-status.ts'
import { ClusterProblem } from './problem.ts'

const SEEN = {
  clusterID: 'uid-1',
  kubernetesVersion: 'v1.36.1',
  modelCacheVersion: '0.1.0',
  storageClasses: ['files'],
  storageClass: 'files',
  caches: 3,
}
const SILENT = new ClusterProblem('Unreachable', 'no reply')
const NOW = Date.parse('2026-01-01T00:00:00Z')

const statusAfter = (found: Found, before?: InferenceCluster['status'], namesake?: string) =>
  clusterStatus({ ...anInferenceCluster('gpu'), status: before }, found, {
    server: 'https://api',
    namesake,
    hubID: 'uid-of-the-hub',
    now: NOW,
  })
const reasons = (status: ReturnType<typeof statusAfter>) =>
  Object.fromEntries(
    status.conditions?.map(({ type, status, reason }) => [type, `${status} ${reason}`]) ?? [],
  )

describe('the status of an InferenceCluster', () => {
  test('is what was seen', () => {
    const status = statusAfter(SEEN)
    expect(status).toMatchObject({ ...SEEN, server: 'https://api' })
    expect(reasons(status)).toEqual({ Reachable: 'True Reachable', Ready: 'True Ready' })
  })

  test('keeps what was known of a cluster that does not answer', () => {
    const status = statusAfter(SILENT, statusAfter(SEEN))
    expect(status).toMatchObject(SEEN)
    expect(reasons(status)).toEqual({ Reachable: 'False Unreachable', Ready: 'False Unreachable' })
  })

  test('forgets what is not there any more', () => {
    const problem = new ClusterProblem('ModelCacheNotInstalled', 'not installed')
    const { modelCacheVersion: _, caches: __, storageClass: ___, ...less } = SEEN
    const status = statusAfter({ ...less, storageClasses: [], problem }, statusAfter(SEEN))
    expect(status).toMatchObject({ storageClasses: [] })
    expect(status.caches ?? status.modelCacheVersion ?? status.storageClass).toBeUndefined()
    expect(reasons(status)).toEqual({ Reachable: 'True Reachable', Ready: 'False ModelCacheNotInstalled' })
  })

  test('says nothing of a cluster that answers in place of the registered one', () => {
    const other = { ...SEEN, clusterID: 'uid-2', caches: 99 }
    const status = statusAfter(other, statusAfter(SEEN))
    expect(status).toMatchObject(SEEN)
    expect(reasons(status).Ready).toBe('False ClusterReplaced')
    // And so it stays, until the InferenceCluster is created again.
    expect(reasons(statusAfter(other, status)).Ready).toBe('False ClusterReplaced')
    expect(reasons(statusAfter(SEEN, status)).Ready).toBe('True Ready')
  })

  test('names the other InferenceCluster of the same cluster', () => {
    const status = statusAfter(SEEN, undefined, 'gpu-old')
    expect(reasons(status).Ready).toBe('False ClusterRegisteredTwice')
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'InferenceCluster gpu-old',
    )
  })

  test('keeps the time of the last transition while nothing changes', () => {
    const before = statusAfter(SEEN)
    const later = clusterStatus({ ...anInferenceCluster('gpu'), status: before }, SEEN, {
      server: 'https://api',
      namesake: undefined,
      hubID: 'uid-of-the-hub',
      now: NOW + 60_000,
    })
    expect(later).toEqual(before)
  })
})
