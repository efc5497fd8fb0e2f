import { expect, test } from 'vitest'
import { aClaim } from '../../../api/fixtures.ts'
import type { HydrationPod } from '../../../api/kubernetes/hydration-pod.ts'
import { aHydrationPod, aJob, aManagedClaim, anObservation, aTakenUpCache, EARLIER } from '../fixtures.ts'
import type { Observation } from '../observe.ts'
import { deletion } from './deletion.ts'

const cache = aTakenUpCache({ metadata: { deletionTimestamp: EARLIER } })
const writes = (given: Partial<Observation>) => deletion(anObservation({ cache, ...given }))
const kinds = (given: Partial<Observation>) =>
  writes(given).map(write => `${write.do} ${'kind' in write ? write.kind : ''}`.trim())
const gone = [{ do: 'finalizer', present: false }]

test('the Job goes first, then the claim, then the cache', () => {
  const job = aJob(cache)
  const claim = aManagedClaim()
  expect(kinds({ claim, runs: { hydrate: { job, pods: [] } } })).toEqual(['delete HydrationJob'])
  const going = aJob(cache, { metadata: { deletionTimestamp: EARLIER } })
  expect(kinds({ claim, runs: { hydrate: { job: going, pods: [aHydrationPod()] } } })).toEqual([])
  expect(kinds({ claim })).toEqual(['delete PersistentVolumeClaim'])
  // Pods may keep it as long as they like.
  expect(writes({ claim: aManagedClaim({ metadata: { deletionTimestamp: EARLIER } }) })).toEqual(gone)
  expect(writes({})).toEqual(gone)
})

test.each<[string, HydrationPod[]]>([
  ['no pod', []],
  ['a pod that has ended', [aHydrationPod({ status: { phase: 'Failed' } })]],
  ['a pod that never got a node', [aHydrationPod({ status: { phase: 'Pending' } })]],
])('a Job that is being deleted and has %s holds nothing up', (_what, pods) => {
  const going = aJob(cache, { metadata: { deletionTimestamp: EARLIER } })
  expect(kinds({ claim: aManagedClaim(), runs: { hydrate: { job: going, pods } } })).toEqual([
    'delete PersistentVolumeClaim',
  ])
})

test('what is not ours stays', () => {
  expect(writes({ claim: aClaim({ name: 'modelcache--llama' }) })).toEqual(gone)
  const onTheirs = aTakenUpCache({
    metadata: { deletionTimestamp: EARLIER },
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } } },
  })
  expect(deletion(anObservation({ cache: onTheirs, claim: aManagedClaim({ name: 'ops-staged' }) }))).toEqual(
    gone,
  )
})

test('a cache that we never took up is nothing to us', () => {
  const untouched = aTakenUpCache({ metadata: { deletionTimestamp: EARLIER, finalizers: ['other'] } })
  expect(deletion(anObservation({ cache: untouched, claim: aManagedClaim() }))).toEqual([])
})
