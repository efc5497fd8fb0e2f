import { describe, expect, test } from 'vitest'
import { aGpuContainer, aModelCache, aPod, aReadyCache, DIGEST } from '../api/fixtures.ts'
import { snapshotPath } from '../api/volume-layout.ts'
import { broughtMount } from './brought-mount.ts'
import { snapshotMount, waitingMount } from './cache-mount.ts'
import { PENDING } from './record.ts'

const OLD = `sha256:${'0d'.repeat(32)}`
const cache = aReadyCache({ snapshots: [{ digest: OLD }] })
const podWith = (mount: object) =>
  aPod({
    spec: {
      containers: [aGpuContainer({ volumeMounts: [{ name: 'v', mountPath: '/mnt/model', ...mount }] })],
    },
  })
const EXPRESSION = { subPathExpr: 'snapshots/$(MODELCACHE__LLAMA_DIGEST)' }

describe('a pod that is made again keeps', () => {
  test.each([
    ['the snapshot of its time', { subPath: snapshotPath(OLD) }, OLD, snapshotMount(cache, OLD)],
    ['the one of today', { subPath: `/${snapshotPath(DIGEST)}/` }, DIGEST, snapshotMount(cache, DIGEST)],
    ['the one that it has waited for', EXPRESSION, OLD, waitingMount(cache)],
    ['what it waits for', {}, PENDING, waitingMount(cache)],
  ])('%s', (_, mount, recorded, expected) => {
    expect(broughtMount(podWith(mount), cache, recorded)).toEqual(expected)
  })
})

describe('a pod keeps nothing', () => {
  test.each([
    ['by its record alone', {}, OLD],
    ['by its mount alone', { subPath: snapshotPath(OLD) }, undefined],
    ['when both differ', { subPath: snapshotPath(OLD) }, DIGEST],
    [
      'of a snapshot that status does not know',
      { subPath: snapshotPath(`sha256:${'1'.repeat(64)}`) },
      `sha256:${'1'.repeat(64)}`,
    ],
    ['of another path', { mountPath: '/other', subPath: snapshotPath(OLD) }, OLD],
    ['of another variable', { subPathExpr: 'snapshots/$(OTHER)' }, OLD],
  ])('%s', (_, mount, recorded) => {
    expect(broughtMount(podWith(mount), cache, recorded)).toBeUndefined()
  })

  test('of a claim that people filled, which has no other time', () => {
    const existing = aModelCache({
      spec: {
        artifact: {},
        storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops', subPath: 'llama' } },
      },
    })
    const pod = podWith({ subPath: 'llama' })
    expect(broughtMount(pod, existing, 'pvc/ops')).toBeUndefined()
  })
})
