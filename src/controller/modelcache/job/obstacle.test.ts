import { expect, test } from 'vitest'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  aWaitingPod,
  NOW,
} from '../fixtures.ts'
import { obstacle } from './obstacle.ts'

const cache = aTakenUpCache()
const job = aJob(cache)
const pending = aManagedClaim({ status: { phase: 'Pending' } })
const unschedulable = (message: string) =>
  aWaitingPod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] })

test.each<
  [
    string,
    Parameters<typeof anObservation>[0],
    Parameters<typeof obstacle>[1]['pods'],
    string | undefined,
    string?,
  ]
>([
  ['no pod yet, and nobody complains', {}, [], undefined],
  [
    'the security standard of the namespace denies the pod',
    { warnings: { run: 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsUser=0' } },
    [],
    'PodSecurity',
    'violates PodSecurity',
  ],
  [
    'a LimitRange denies the pod',
    { warnings: { run: 'pods "x" is forbidden: maximum memory usage per Container is 64Mi' } },
    [],
    'LimitRangeExceeded',
  ],
  [
    'a webhook denies the pod',
    { warnings: { run: 'admission webhook "validate.kyverno.svc-fail" denied the request: team' } },
    [],
    'PolicyViolated',
    'team',
  ],
  [
    'a policy denies the pod',
    { warnings: { run: "ValidatingAdmissionPolicy 'labels' with binding 'labels' denied request: team" } },
    [],
    'PolicyViolated',
  ],
  ['its account is missing', { warnings: { run: 'serviceaccount "x" not found' } }, [], 'PodRejected'],
  ['a quota denies the pod', { warnings: { run: 'exceeded quota: q' } }, [], 'QuotaExceeded'],
  ['the pod runs', { warnings: { run: 'old' } }, [aHydrationPod()], undefined],
  [
    'the last pod was evicted',
    {},
    [aHydrationPod({ ended: { exitCode: 137 }, status: { reason: 'Evicted', message: 'low on memory' } })],
    'Evicted',
    'low on memory',
  ],
  [
    'the last pod said why',
    {},
    [aHydrationPod({ ended: { exitCode: 75, message: '{"reason":"RateLimited","message":"slow down"}' } })],
    'RateLimited',
    'slow down; the Job creates another pod',
  ],
  [
    'the container has ended, and the pod not yet',
    { warnings: { run: 'old' } },
    [
      aHydrationPod({
        status: { containerStatuses: [{ name: 'hydrate', state: { terminated: { exitCode: 0 } } }] },
      }),
    ],
    undefined,
  ],
  [
    'a claim that is on its way, of which the scheduler complains',
    { claim: pending, warnings: { run: 'unbound immediate PersistentVolumeClaims' } },
    [unschedulable('pod has unbound immediate PersistentVolumeClaims')],
    undefined,
  ],
  ['no node', {}, [unschedulable('0/2 nodes')], 'PodUnschedulable', '0/2 nodes'],
  [
    'a claim that is on its way',
    { claim: pending },
    [unschedulable('pod has unbound immediate PersistentVolumeClaims')],
    undefined,
  ],
  [
    'a provisioner that fails',
    { claim: pending, warnings: { claim: 'quota of the cloud' } },
    [unschedulable('x')],
    'StorageUnprovisioned',
    'quota of the cloud',
  ],
  [
    'a claim that nobody provisions',
    { claim: pending, now: NOW + 120_000 },
    [aWaitingPod()],
    'StorageUnprovisioned',
    'filestore.csi.storage.gke.io runs',
  ],
  [
    'a volume that cannot be mounted',
    { warnings: { run: 'MountVolume.SetUp failed' } },
    [aWaitingPod()],
    'MountFailed',
    'MountVolume.SetUp failed',
  ],
  [
    'something else',
    { warnings: { run: 'Failed to create pod sandbox' } },
    [aWaitingPod()],
    'PodWaiting',
    'sandbox',
  ],
  [
    'the last pod made room for another one',
    {},
    [
      aHydrationPod({
        ended: { exitCode: 143 },
        status: {
          conditions: [
            {
              type: 'DisruptionTarget',
              status: 'True',
              reason: 'PreemptionByScheduler',
              message: 'by a pod',
            },
          ],
        },
      }),
    ],
    'Preempted',
    'by a pod',
  ],
  [
    'the last pod went with its node',
    {},
    [
      aHydrationPod({
        ended: { exitCode: 143 },
        status: {
          conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }],
        },
      }),
    ],
    'Evicted',
    'DeletionByTaintManager',
  ],
  [
    'an image that is not there',
    {},
    [
      aWaitingPod({
        containerStatuses: [
          { name: 'hydrate', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } },
        ],
      }),
    ],
    'ImagePullFailed',
    'not found',
  ],
])('%s', (_, given, pods, reason, words = '') => {
  const seen = anObservation({ cache, claim: aManagedClaim(), ...given })
  const found = obstacle(seen, { job, pods })
  expect(found?.reason).toBe(reason)
  expect(found?.message ?? '').toContain(words)
})
