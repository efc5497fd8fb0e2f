import { expect, test } from 'vitest'
import { aGpuContainer, aModelCache, aPod, aReadyCache, DIGEST } from '../api/fixtures.ts'
import { consumerPod } from '../api/kubernetes/consumer-pod.ts'
import { snapshotPath } from '../api/volume-layout.ts'
import { type Asking, chooseMount } from './choose-mount.ts'
import { aSnapshotMount, inject } from './fixtures.ts'

const OLD = `sha256:${'0d'.repeat(32)}`
const ready = aReadyCache({ snapshots: [{ digest: OLD }] })
const hydrating = aModelCache({})
const waitsForIt = aModelCache({ status: { snapshots: [{ digest: OLD }] } })

const leaderWith = (digest: string) =>
  consumerPod.parse(inject(aPod({ metadata: { name: 'gang-0' } }), [aSnapshotMount({ digest })]))
const bringing = (digest: string): NonNullable<Asking['brings']> => {
  const mounts = [{ name: 'v', mountPath: '/mnt/model', subPath: snapshotPath(digest) }]
  return {
    pod: aPod({ spec: { containers: [aGpuContainer({ volumeMounts: mounts })] } }),
    recorded: digest,
  }
}
const alone = { leader: undefined, waits: false }
const patient = { leader: undefined, waits: true }

test.each([
  ['of a Ready cache, its snapshot', ready, alone, { kind: 'snapshot', digest: DIGEST }],
  ['of a cache that is not Ready, nothing', hydrating, alone, undefined],
  ['that waits, what the cache will have', hydrating, patient, { kind: 'awaited' }],
  ['that would wait, but need not, the snapshot', ready, patient, { kind: 'snapshot', digest: DIGEST }],
  ['what its leader has', ready, { ...alone, leader: leaderWith(OLD) }, { kind: 'snapshot', digest: OLD }],
  [
    'what its leader has, while the cache is not Ready',
    waitsForIt,
    { ...alone, leader: leaderWith(OLD) },
    { kind: 'snapshot', digest: OLD },
  ],
  ['what it brings', ready, { ...alone, brings: bringing(OLD) }, { kind: 'snapshot', digest: OLD }],
  [
    'not what it brings, while the cache is not Ready',
    waitsForIt,
    { ...alone, brings: bringing(OLD) },
    undefined,
  ],
  [
    'what its leader has, before what it brings',
    ready,
    { waits: false, leader: leaderWith(OLD), brings: bringing(DIGEST) },
    { kind: 'snapshot', digest: OLD },
  ],
])('a pod is given, %s', (_, cache, asking, expected) => {
  const mount = chooseMount(cache, asking)
  if (expected === undefined) expect(mount).toBeUndefined()
  else expect(mount).toMatchObject(expected)
})
