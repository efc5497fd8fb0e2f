import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aClaim, aModelCache, aStorageClass, DIGEST, NAMESPACE, SNAPSHOT } from '../../api/fixtures.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { silentLogger as logger } from '../../kube/logger.fixtures.ts'
import { ApiError, type ApplyOptions, type Rest } from '../../kube/rest.ts'
import { aHydrationPod, aJob, aManagedClaim, aTakenUpCache, theJobIs } from './fixtures.ts'
import { startModelCacheReconciler } from './reconciler.ts'

let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2031-05-04T03:02:01Z') })
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

interface Applied {
  path: string
  body: { metadata?: object; status?: { phase?: string } }
  options: ApplyOptions
}

/** Stores that a cluster fills, and an API server that puts what is applied into them, as its watch would. */
function aCluster() {
  const stores = emptyStores()
  const applied: Applied[] = []
  const told: string[] = []
  let failures = 0
  const written: { verb: string; path: string; body?: object }[] = []
  let refusal: ApiError | undefined
  const rest: Pick<Rest, 'apply' | 'create' | 'delete' | 'get' | 'jsonMerge' | 'log'> = {
    create: async (path, body) => {
      written.push({ verb: 'create', path, body })
      if (refusal !== undefined) throw refusal
      return body
    },
    delete: async path => {
      written.push({ verb: 'delete', path })
    },
    jsonMerge: async (path, body) => {
      written.push({ verb: 'merge', path, body })
      return body
    },
    get: async path =>
      stores.ModelCache.get(NAMESPACE, /modelcaches\/(.+)$/.exec(path)?.[1] ?? '') ?? { items: [] },
    log: async () => '',
    apply: async (path, body, options) => {
      if (failures > 0) {
        failures -= 1
        throw new Error('409 Conflict')
      }
      applied.push({ path, body, options })
      const name = path.split('/').at(-2) ?? ''
      const { status } = JSON.parse(JSON.stringify(body))
      stores.ModelCache.upsert({ ...stores.ModelCache.get(NAMESPACE, name), status })
    },
  }
  return {
    stores,
    applied,
    written,
    refuse: (error: ApiError | undefined) => {
      refusal = error
    },
    failNext: (times: number) => {
      failures = times
    },
    told,
    start: (signal = stop.signal) =>
      startModelCacheReconciler({
        stores,
        settings: {},
        hydrator: { image: 'registry.example/modelcache:1', env: [] },
        rest,
        recorder: {
          record: async ({ name }, { reason, note }) => {
            told.push(`${name} ${reason} ${note}`)
          },
        },
        observer: { worked: () => {}, waiting: () => {} },
        metrics: { observeStatus: () => {} },
        logger,
        signal,
      }),
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0)

const onClaim = (name = 'llama', claim = 'ops-staged') =>
  aModelCache({
    name,
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: claim } } },
  })

describe('the controller', () => {
  test('writes the status of what was there before it started, as its own field manager', async () => {
    const { stores, applied, start } = aCluster()
    stores.PersistentVolumeClaim.upsert(aClaim())
    stores.ModelCache.upsert(onClaim())
    start()
    await settled()
    expect(applied).toMatchObject([
      {
        path: '/apis/modelplane.ai/v1alpha1/namespaces/ml-team/modelcaches/llama/status',
        body: {
          apiVersion: 'modelplane.ai/v1alpha1',
          kind: 'ModelCache',
          metadata: { name: 'llama', namespace: NAMESPACE },
          status: { phase: 'Ready', claimName: 'ops-staged' },
        },
        options: { fieldManager: 'modelcache' },
      },
    ])
    expect(applied[0]?.body).not.toHaveProperty('spec')
  })

  test('writes nothing when the status is what it should be, though time has passed', async () => {
    const { stores, applied, start } = aCluster()
    stores.PersistentVolumeClaim.upsert(aClaim())
    start()
    stores.ModelCache.upsert(onClaim())
    await settled()
    vi.advanceTimersByTime(3_600_000)
    stores.PersistentVolumeClaim.upsert(aClaim({ metadata: { labels: { touched: 'yes' } } }))
    await settled()
    expect(applied).toHaveLength(1)
  })

  test('follows the claim: made, bound, deleted', async () => {
    const { stores, applied, start } = aCluster()
    start()
    stores.ModelCache.upsert(onClaim())
    await settled()
    for (const change of [
      () => stores.PersistentVolumeClaim.upsert(aClaim({ status: { phase: 'Pending' } })),
      () => stores.PersistentVolumeClaim.upsert(aClaim()),
      () => stores.PersistentVolumeClaim.remove(aClaim()),
    ]) {
      change()
      await settled()
    }
    const reasons = applied.map(({ body: { status } }) => status)
    expect(reasons).toMatchObject([
      { phase: 'Pending', conditions: [{ reason: 'ClaimNotFound' }, {}, {}, {}] },
      { phase: 'Pending', conditions: [{ reason: 'ClaimNotBound' }, {}, {}, {}] },
      { phase: 'Ready', conditions: [{ reason: 'ClaimBound' }, {}, {}] },
      { phase: 'Pending', conditions: [{ reason: 'ClaimNotFound' }, {}, {}, {}] },
    ])
  })

  test('looks at the caches of that claim alone, and of that namespace', async () => {
    const { stores, applied, start } = aCluster()
    start()
    stores.ModelCache.upsert(onClaim('mine'))
    stores.ModelCache.upsert(onClaim('other', 'other-claim'))
    await settled()
    applied.length = 0
    stores.PersistentVolumeClaim.upsert(aClaim({ metadata: { namespace: 'other-team' } }))
    stores.PersistentVolumeClaim.upsert(aClaim())
    await settled()
    expect(applied.map(({ body }) => body.metadata)).toEqual([{ name: 'mine', namespace: NAMESPACE }])
  })

  test('tries again when the API server denies', async () => {
    const { stores, applied, failNext, start } = aCluster()
    failNext(2)
    start()
    stores.ModelCache.upsert(onClaim())
    await settled()
    expect(applied).toEqual([])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(applied).toHaveLength(1)
  })

  test('stops with its signal, and started again writes what it missed, and then each change once', async () => {
    const { stores, applied, start } = aCluster()
    const changed = vi.spyOn(stores.ModelCache, 'values')
    for (let term = 0; term < 3; term++) {
      const first = new AbortController()
      start(first.signal)
      first.abort()
    }
    changed.mockClear()
    stores.ModelCache.upsert(onClaim())
    stores.PersistentVolumeClaim.upsert(aClaim({ status: { phase: 'Pending' } }))
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(applied).toEqual([])
    // A reconciler that still listened would look for the caches of the claim.
    expect(changed).not.toHaveBeenCalled()

    start()
    await settled()
    stores.PersistentVolumeClaim.upsert(aClaim())
    await settled()
    expect(applied.map(({ body: { status } }) => status?.phase)).toEqual(['Pending', 'Ready'])
  })

  test('leaves alone what is gone, and what is going', async () => {
    const { stores, applied, start } = aCluster()
    stores.ModelCache.upsert({ ...onClaim(), metadata: { ...onClaim().metadata, deletionTimestamp: 'x' } })
    start()
    await settled()
    stores.ModelCache.remove(onClaim())
    await settled()
    expect(applied).toEqual([])
  })

  test('makes a claim, and says in the words of the API server what that does not take', async () => {
    const { stores, applied, written, refuse, told, start } = aCluster()
    stores.StorageClass.upsert(aStorageClass())
    stores.ModelCache.upsert(aTakenUpCache())
    const quota = 'persistentvolumeclaims "modelcache--llama" is forbidden: exceeded quota: storage'
    refuse(new ApiError(403, 'Forbidden', quota))
    start()
    await settled()
    const claims = { verb: 'create', path: '/api/v1/namespaces/ml-team/persistentvolumeclaims' }
    expect(written[0]).toMatchObject(claims)
    const refused = { reason: 'QuotaExceeded', message: expect.stringContaining(quota) }
    expect(applied.at(-1)?.body.status).toMatchObject({ phase: 'Pending', conditions: [refused, {}, {}, {}] })
    expect(told.at(-1)).toContain('llama QuotaExceeded')

    refuse(undefined)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(written.length).toBeGreaterThan(1)
    expect(applied.at(-1)?.body.status).toMatchObject({
      phase: 'Provisioning',
      claimName: 'modelcache--llama',
      conditions: [{ reason: 'Provisioning' }, {}, {}, {}],
    })
  })

  test.each([
    ['modelcache--llama-x7k2p', 'Ready'],
    // Anybody may name our Job as the owner of a pod.
    ['forged', 'Hydrating'],
  ])('believes the report of pod %s no more than its name allows', async (name, phase) => {
    const { stores, applied, start } = aCluster()
    const cache = aTakenUpCache({ status: { hydration: { jobUID: 'uid-of-the-job', attempt: 1 } } })
    const message = JSON.stringify({ digest: DIGEST, path: SNAPSHOT, bytes: 1, files: 1, seconds: 1 })
    const lastTransitionTime = new Date().toISOString()
    stores.StorageClass.upsert(aStorageClass())
    stores.PersistentVolumeClaim.upsert(aManagedClaim())
    stores.HydrationJob.upsert(aJob(cache, { status: theJobIs('Complete', { lastTransitionTime }) }))
    stores.HydrationPod.upsert(aHydrationPod({ name, ended: { exitCode: 0, message } }))
    stores.ModelCache.upsert(cache)
    start()
    await settled()
    expect(applied[0]?.body.status?.phase).toBe(phase)
  })

  test('goes on when the StorageClass that is missing appears', async () => {
    const { stores, applied, written, start } = aCluster()
    stores.ModelCache.upsert(aTakenUpCache())
    start()
    await settled()
    expect(applied.at(-1)?.body.status).toMatchObject({
      conditions: [{ reason: 'StorageClassNotFound' }, {}, {}, {}],
    })
    stores.StorageClass.upsert(aStorageClass())
    await settled()
    expect(written[0]).toMatchObject({ verb: 'create', body: { kind: 'PersistentVolumeClaim' } })
  })

  test('does not mind that what it makes is there already', async () => {
    const { stores, applied, refuse, start } = aCluster()
    stores.StorageClass.upsert(aStorageClass())
    stores.ModelCache.upsert(aTakenUpCache())
    refuse(new ApiError(409, 'AlreadyExists', 'it is there'))
    start()
    await settled()
    expect(applied.at(-1)?.body.status).toMatchObject({ phase: 'Provisioning' })
  })
})
