import { describe, expect, test } from 'vitest'
import { DIGEST } from '../../../api/fixtures.ts'
import { type ConsumerPod, consumerPod } from '../../../api/kubernetes/consumer-pod.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { REFETCH, STORAGE_FINALIZER } from '../../../api/names.ts'
import { snapshotPath } from '../../../api/volume-layout.ts'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  EARLIER,
  NOW,
  STAGED,
  theJobIs,
} from '../fixtures.ts'
import { madeFrom } from '../objects/hydration-job.ts'
import type { Observation } from '../observe.ts'
import { plan } from '../plan.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const [OLDEST, OLD, LATE] = ['a', 'b', 'c'].map(digest) as [string, string, string]
const snapshotsOf = (...digests: string[]) => digests.map(each => ({ digest: each }))
const FOUR = snapshotsOf(OLDEST, OLD, LATE, DIGEST)
const RECENT = new Date(NOW - 5_000).toISOString()
const DONE = JSON.stringify({ snapshots: 2, files: 3, bytes: 4, seconds: 1 })

/** A pod that mounts a snapshot of the cache. */
function pod(mounted: string, status = 'Running', record = `llama=${mounted}`): ConsumerPod {
  return consumerPod.parse({
    metadata: { name: 'user', namespace: 'ml-team', annotations: { 'modelplane.ai/injected': record } },
    spec: {
      containers: [
        { volumeMounts: [{ name: 'w', mountPath: '/mnt/model', subPath: snapshotPath(mounted) }] },
      ],
      volumes: [{ name: 'w', persistentVolumeClaim: { claimName: 'modelcache--llama' } }],
    },
    status: { phase: status },
  })
}

interface Given extends Partial<Omit<Observation, 'cache'>> {
  status?: Partial<ModelCacheStatus>
  keep?: number
  pods?: ConsumerPod[]
  refetch?: string
}

function cacheOf({ status, keep, refetch }: Given) {
  return aTakenUpCache({
    metadata: {
      finalizers: refetch === undefined ? [] : [STORAGE_FINALIZER],
      ...(refetch !== undefined && { annotations: { [REFETCH]: refetch } }),
    },
    spec: {
      storage: {
        backend: 'PVC',
        pvc: { storageClassName: 'shared', sizeGiB: 10, ...(keep !== undefined && { keepSnapshots: keep }) },
      },
    },
    status: { ...STAGED, snapshots: FOUR, ...status },
  })
}

function planned(given: Given = {}) {
  const { status, keep, refetch, pods = [], ...seen } = given
  const cache = cacheOf(given)
  const found = plan(anObservation({ cache, claim: aManagedClaim(), holders: () => pods, ...seen }))
  return { ...found, writes: found.writes.filter(write => write.do !== 'finalizer') }
}
const removalOf = (digests: string[], since = EARLIER) => ({ removal: { digests, since } })

describe('first the record changes:', () => {
  test.each<[string, Given, string[] | undefined]>([
    ['all but the present one and the newest other', {}, [OLDEST, OLD]],
    ['as many stay as the author wants', { keep: 2 }, [OLDEST]],
    ['none but the present one', { keep: 0 }, [OLDEST, OLD, LATE]],
    ['none goes', { keep: 3 }, undefined],
    ['what a pod mounts stays', { pods: [pod(OLDEST)] }, [OLD]],
    ['what a pod waits for stays', { pods: [pod(DIGEST, 'Pending', `llama=${OLD}`)] }, [OLDEST]],
    ['a pod that has ended mounts nothing', { pods: [pod(OLDEST, 'Succeeded')] }, [OLDEST, OLD]],
    ['there is only the present one', { status: { snapshots: snapshotsOf(DIGEST) } }, undefined],
  ])('%s', (_, given, going) => {
    const { status, writes, againMs } = planned(given)
    expect(status?.removal?.digests).toEqual(going)
    expect(writes).toEqual([])
    if (going === undefined) return
    expect(status?.snapshots).toEqual(FOUR.filter(each => !going.includes(each.digest)))
    expect(status?.phase).toBe('Ready')
    expect(againMs).toBe(30_000)
  })
})

describe('then the pods are looked at again, live:', () => {
  const status = { snapshots: snapshotsOf(LATE, DIGEST), ...removalOf([OLDEST, OLD]) }

  test('not before a while, and not without an answer', () => {
    const early = planned({ status: { ...status, ...removalOf([OLDEST, OLD], RECENT) }, consumers: [] })
    expect(early.writes).toEqual([])
    expect(early.againMs).toBe(25_000)
    expect(planned({ status }).writes).toEqual([])
  })

  test('what a pod mounts that came meanwhile is back', () => {
    const { status: after, writes } = planned({ status, consumers: [pod(OLD)] })
    expect(after?.snapshots).toEqual(snapshotsOf(OLD, LATE, DIGEST))
    expect(after?.removal).toMatchObject({ digests: [OLDEST] })
    expect(writes).toEqual([])
    const all = planned({ status, consumers: [pod(OLD), pod(OLDEST)] }).status
    expect(all?.removal).toBeUndefined()
  })

  test('not while another Job may write', () => {
    const cache = cacheOf({ status })
    const runs = { hydrate: { job: aJob(cache, { status: theJobIs('Complete') }), pods: [] } }
    expect(planned({ status, consumers: [], runs }).writes).toMatchObject([{ do: 'delete' }])
  })

  test('a Job removes the rest, and the cache stays Ready', () => {
    const { writes, status: after } = planned({ status, consumers: [pod(DIGEST)] })
    expect(writes).toMatchObject([{ do: 'start', purpose: 'prune' }])
    expect(after).toMatchObject({
      phase: 'Ready',
      hydration: { message: expect.stringMatching(/^Pruning: /) },
    })
  })

  test('when it is done, nothing is left of it', () => {
    const job = aJob(cacheOf({ status }), { purpose: 'prune', status: theJobIs('Complete') })
    const runs = { prune: { job, pods: [aHydrationPod({ ended: { exitCode: 0, message: DONE } })] } }
    const { status: after } = planned({ status, runs })
    expect(after?.removal).toBeUndefined()
    expect(after?.hydration?.message).toBeUndefined()
    const last = planned({ status: { snapshots: snapshotsOf(LATE, DIGEST) }, runs })
    expect(last.writes).toMatchObject([{ do: 'delete' }])
  })
})

describe('a run that has no room', () => {
  const failure = { reason: 'NoSpace', message: 'full', finishedAt: EARLIER, madeFrom: 'x' } as const
  const hydration = { ...STAGED.hydration, failure }

  test('has everything go that no pod mounts, and waits for that', () => {
    const { status } = planned({ refetch: 'again', status: { hydration }, pods: [pod(OLD)] })
    expect(status?.removal?.digests).toEqual([OLDEST, LATE])
    const going = { hydration, snapshots: snapshotsOf(OLD, DIGEST), ...removalOf([OLDEST, LATE]) }
    expect(planned({ refetch: 'again', status: going, consumers: [] }).writes).toMatchObject([
      { do: 'start', purpose: 'prune' },
    ])
  })

  test('goes on when the removal itself fails', () => {
    const status = { snapshots: snapshotsOf(DIGEST), ...removalOf([OLD]) }
    const cache = cacheOf({ status, refetch: 'again' })
    const ours = { ...failure, madeFrom: madeFrom(cache, 'prune', aManagedClaim().metadata.uid) }
    const job = aJob(cache, { purpose: 'prune', status: theJobIs('Failed') })
    const { writes } = planned({
      refetch: 'again',
      status: { ...status, hydration: { ...STAGED.hydration, failure: ours } },
      runs: { prune: { job, pods: [] } },
    })
    expect(writes).toMatchObject([{ do: 'delete' }, { do: 'start', purpose: 'hydrate' }])
  })
})
