import { aClaim, aCondition, aModelCache, aStorageClass, DIGEST, NAMESPACE } from '../../api/fixtures.ts'
import { type HydrationJob, hydrationJob } from '../../api/kubernetes/hydration-job.ts'
import { HYDRATOR_CONTAINER, type HydrationPod, hydrationPod } from '../../api/kubernetes/hydration-pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { MADE_FROM, STORAGE_FINALIZER } from '../../api/names.ts'
import { jobName, madeFrom, type Purpose } from './objects/hydration-job.ts'
import type { Observation } from './observe.ts'

/**
 * What the controller sees, for tests. Each object is valid as it is, so a test states only what it is about.
 */

export const NOW = Date.parse('2031-06-01T12:00:00.123Z')
export const EARLIER = '2031-06-01T11:59:30Z'
const OWNER = 'uid-of-the-cache'
const CLAIM_UID = 'uid-of-the-claim'

/** A ModelCache of backend PVC that the controller has taken up. */
export function aTakenUpCache(given: Parameters<typeof aModelCache>[0] = {}): ModelCache {
  return aModelCache({
    ...given,
    metadata: { uid: OWNER, finalizers: [STORAGE_FINALIZER], ...given.metadata },
    spec: { storage: { pvc: { storageClassName: 'shared', sizeGiB: 10 } }, ...given.spec },
  })
}

const owner = { ownerReferences: [{ kind: 'ModelCache', name: 'llama', uid: OWNER, controller: true }] }

/** The status of such a cache once it is staged. */
export const STAGED: ModelCacheStatus = {
  phase: 'Ready',
  conditions: [aCondition('Ready', 'True', { reason: 'SnapshotComplete', message: '7 files are on it' })],
  claimName: 'modelcache--llama',
  claimUID: CLAIM_UID,
  resolvedDigest: DIGEST,
  resolvedRevision: 'abc',
  snapshots: [{ digest: DIGEST }],
  hydration: { jobUID: 'uid-of-the-job', attempt: 1, refetch: 'before' },
}

/** The claim that the controller has created for it. */
export function aManagedClaim(given: Parameters<typeof aClaim>[0] = {}) {
  const claim = aClaim({
    name: 'modelcache--llama',
    ...given,
    metadata: { uid: CLAIM_UID, creationTimestamp: EARLIER, ...owner, ...given.metadata },
  })
  return { ...claim, spec: { ...claim.spec, resources: { requests: { storage: '10Gi' } } } }
}

/** The running Job that the controller has created for it. */
export function aJob(
  cache: ModelCache,
  given: {
    purpose?: Purpose
    claimUID?: string
    metadata?: object
    suspend?: boolean
    status?: HydrationJob['status']
  } = {},
): HydrationJob {
  return hydrationJob.parse({
    metadata: {
      name: jobName(cache, given.purpose ?? 'hydrate'),
      namespace: NAMESPACE,
      uid: 'uid-of-the-job',
      resourceVersion: '7',
      creationTimestamp: EARLIER,
      annotations: {
        [MADE_FROM]: madeFrom(
          cache,
          given.purpose ?? 'hydrate',
          given.purpose === 'measure' ? undefined : (given.claimUID ?? CLAIM_UID),
        ),
      },
      ...owner,
      ...given.metadata,
    },
    spec: { suspend: given.suspend ?? false },
    status: given.status,
  })
}

type Ended = { exitCode: number; message?: string; reason?: string }

/** A pod of the Job. It runs, unless the test says how it ended. */
export function aHydrationPod(given: { ended?: Ended; status?: object; name?: string } = {}): HydrationPod {
  const { ended } = given
  const state =
    ended === undefined ? { running: {} } : { terminated: { finishedAt: '2031-06-01T11:59:59Z', ...ended } }
  return hydrationPod.parse({
    metadata: {
      name: given.name ?? 'modelcache--llama-x7k2p',
      namespace: NAMESPACE,
      uid: 'uid-of-the-pod',
      ownerReferences: [{ kind: 'Job', name: 'modelcache--llama', uid: 'uid-of-the-job', controller: true }],
    },
    status: {
      phase: ended === undefined ? 'Running' : ended.exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: HYDRATOR_CONTAINER, state }],
      ...given.status,
    },
  })
}

/** A pod that has not started. */
export function aWaitingPod(status: object = {}): HydrationPod {
  return aHydrationPod({ status: { phase: 'Pending', containerStatuses: [], ...status } })
}

export function anObservation(given: Partial<Observation> = {}): Observation {
  return {
    cache: aTakenUpCache(),
    claim: undefined,
    runs: {},
    storageClass: { name: 'shared', inferenceCluster: undefined, found: aStorageClass(), basis: [] },
    clusterName: undefined,
    now: NOW,
    ...given,
  }
}

/** A condition of a Job that is True. */
export function theJobIs(type: 'Complete' | 'Failed', given: object = {}) {
  return { conditions: [{ type, status: 'True', lastTransitionTime: EARLIER, ...given }] }
}
