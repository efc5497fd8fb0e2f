import { expect, test } from 'vitest'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { aJob, aManagedClaim, anObservation, aTakenUpCache, STAGED } from '../fixtures.ts'
import type { Observation } from '../observe.ts'
import { plan } from '../plan.ts'

const OURS = { name: 'here', phase: 'Ready', ready: true }
const THEIRS = { name: 'east', phase: 'Ready', ready: true }
const hub = { clusters: ['east'], hasHub: true }
const nobody = { clusters: ['east'], hasHub: false }

const staged = aTakenUpCache({ status: { ...STAGED, clusters: [OURS] } })
const pod = (finished: boolean) => ({ finished }) as ReturnType<NonNullable<Observation['holders']>>[number]

function planned(given: Partial<Observation> & { status?: ModelCacheStatus }) {
  const { status, ...seen } = given
  const cache = status === undefined ? staged : aTakenUpCache({ status })
  const { writes, status: next } = plan(
    anObservation({ cache, clusterName: 'here', elsewhere: hub, holders: () => [], ...seen }),
  )
  return { writes: writes.map(each => `${each.do} ${'kind' in each ? each.kind : ''}`.trim()), status: next }
}

test('first no pod gets it any more, and nothing is deleted yet', () => {
  expect(planned({ claim: aManagedClaim() })).toEqual({ writes: [], status: {} })
})

test('then its Jobs go, then its claim, then our finalizer, and status belongs to the hub', () => {
  const status: ModelCacheStatus = { phase: 'Ready', replicas: '1/1', clusters: [THEIRS] }
  const claim = aManagedClaim()
  const hydrate = { job: aJob(staged), pods: [] }
  expect(planned({ status, claim, runs: { hydrate } })).toEqual({
    writes: ['delete HydrationJob'],
    status: undefined,
  })
  expect(planned({ status, claim }).writes).toEqual(['delete PersistentVolumeClaim'])
  expect(planned({ status }).writes).toEqual(['finalizer'])
})

test('it stays as it is while a pod mounts it', () => {
  const { writes, status } = planned({ claim: aManagedClaim(), holders: () => [pod(true), pod(false)] })
  expect(writes).not.toContain('delete PersistentVolumeClaim')
  expect(status).toMatchObject({
    phase: 'Ready',
    claimName: 'modelcache--llama',
    clusters: [{ name: 'here', ready: true, message: expect.stringContaining('stays until the last pod') }],
  })
  expect(planned({ claim: aManagedClaim(), holders: () => [pod(true)] }).status).toEqual({})
})

test('without a hub, the controller says why nobody stages it', () => {
  const { status } = planned({ claim: aManagedClaim(), elsewhere: nobody })
  expect(status).toMatchObject({ phase: 'Pending', clusters: [{ name: 'here', ready: false }] })
  expect(status?.claimName).toBeUndefined()
  const message = (elsewhere: Observation['elsewhere']) =>
    planned({ elsewhere }).status?.conditions?.find(({ type }) => type === 'Ready')
  expect(message(nobody)).toMatchObject({
    status: 'False',
    reason: 'ClusterNotSelected',
    message: 'spec.clusterSelector selects east, and not this cluster; install the hub',
  })
  expect(message({ ...nobody, clusters: [] })?.message).toBe(
    'spec.clusterSelector selects no InferenceCluster, and not this cluster; correct the selector or the labels',
  )
})

test('what the hub has said of other clusters is no news to the controller', () => {
  const status: ModelCacheStatus = { phase: 'Pending', replicas: '0/2', clusters: [THEIRS] }
  expect(planned({ status, elsewhere: undefined }).status?.clusters?.map(({ name }) => name)).toEqual([
    'here',
  ])
})
