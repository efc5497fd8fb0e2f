import { describe, expect, test } from 'vitest'
import {
  aClaim,
  aContainer,
  aModelCache,
  aReadyCache,
  DIGEST,
  NAMESPACE,
  SNAPSHOT,
} from '../../api/fixtures.ts'
import { CACHE_READY_GATE, CLAIM_OF, INJECTED } from '../../api/names.ts'
import { snapshotFolder, snapshotPath } from '../../api/volume-layout.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow } from '../decision.ts'
import { aPolicy, aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { validatePod } from './validate.ts'

const CLAIM = 'modelcache--llama'
const OLD = `sha256:${'01'.repeat(32)}`
const FORGED = `sha256:${'ab'.repeat(32)}`
const EXPRESSION = 'snapshots/$(MODELCACHE__LLAMA_DIGEST)'
const DIGEST_FIELD = "metadata.annotations['digest.modelplane.ai/modelcache--llama']"
const READY = aView({ caches: [aReadyCache({ snapshots: [{ digest: OLD }, { digest: DIGEST }] })] })

/** A pod that asks for no cache and mounts a cache's claim read-only. */
function aReader(mount: object, { metadata = {}, container = {}, list = 'containers', spec = {} } = {}) {
  const mounts = [{ name: 'data', mountPath: '/data', readOnly: true, ...mount }]
  return {
    metadata,
    spec: {
      containers: [aContainer()],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: CLAIM, readOnly: true } }],
      ...spec,
      [list]: [aContainer({ name: 'reader', volumeMounts: mounts, ...container })],
    },
  }
}

const validate = (pod: object, view: ClusterView = READY) =>
  validatePod(aRequest({ object: pod }), view, aPolicy())

describe('a pod mounts of a managed claim', () => {
  test.each([
    ['the snapshot that pods are given', { subPath: SNAPSHOT }],
    ['an older one that is complete', { subPath: snapshotPath(OLD) }],
    ['a snapshot in another spelling', { subPath: `./snapshots//${snapshotFolder(DIGEST)}/` }],
    ['all of it', {}],
    ['all of it, in another spelling', { subPath: './' }],
  ])('%s', (_, mount) => {
    expect(validate(aReader(mount))).toEqual(allow())
  })

  test.each([
    ['a snapshot that status does not know', { subPath: snapshotPath(FORGED) }],
    ['the folder of snapshots', { subPath: 'snapshots' }],
    ['the same, with a slash', { subPath: 'snapshots/' }],
    ['a folder in a snapshot, which kubelet would make there', { subPath: `${SNAPSHOT}/new` }],
    ['what the hydration Job keeps for itself', { subPath: '.modelcache/journal' }],
    ['a folder by a variable', { subPathExpr: '$(FOLDER)' }],
    ['the folder of a pod that waits', { subPathExpr: EXPRESSION }],
  ])('not %s', (_, mount) => {
    const decision = validate(aReader(mount))
    expect(reasonsOf(decision)).toEqual(['SnapshotUnknown'])
    expect(textOf(decision)).toContain('container reader mounts folder "')
    expect(textOf(decision)).toContain(`which is not a snapshot of ModelCache ${NAMESPACE}/llama`)
    expect(findingsOf(decision)[0]?.basis).toEqual([
      { kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' },
    ])
  })

  test.each(['initContainers', 'ephemeralContainers'])('in %s neither', list => {
    expect(reasonsOf(validate(aReader({ subPath: 'x' }, { list })))).toEqual(['SnapshotUnknown'])
  })

  test('a folder of a claim whose cache is gone neither', () => {
    const labelled = aClaim({ name: CLAIM, metadata: { labels: { [CLAIM_OF]: 'llama' } } })
    const decision = validate(aReader({ subPath: SNAPSHOT }), aView({ claims: [labelled] }))
    expect(reasonsOf(decision)).toEqual(['SnapshotUnknown'])
    expect(textOf(decision)).toContain('not a snapshot of its ModelCache, which is gone')
  })

  test('any folder where people fill it, or where it is nobody’s', () => {
    const filled = aModelCache({
      spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: CLAIM } } },
    })
    for (const caches of [[filled], []])
      expect(validate(aReader({ subPath: 'x' }), aView({ caches }))).toEqual(allow())
  })
})

describe('a pod that waits takes its folder from the annotation that the controller writes', () => {
  const env = [{ name: 'MODELCACHE__LLAMA_DIGEST', valueFrom: { fieldRef: { fieldPath: DIGEST_FIELD } } }]
  const waiting = {
    metadata: { annotations: { [INJECTED]: 'llama=pending' } },
    container: { env },
    spec: { schedulingGates: [{ name: CACHE_READY_GATE }] },
  }

  test('and from nowhere else', () => {
    expect(validate(aReader({ subPathExpr: EXPRESSION }, waiting))).toEqual(allow())
  })

  test.each<[string, object]>([
    ['it has no gate', { spec: {} }],
    [
      'its record has a digest, which the controller leaves',
      { metadata: { annotations: { [INJECTED]: `llama=${FORGED}` } } },
    ],
    ['it has no record', { metadata: {} }],
    ['its variable has a value', { container: { env: [{ name: env[0]?.name, value: 'x' }] } }],
    ['its variable is set twice', { container: { env: [...env, { name: env[0]?.name, value: 'x' }] } }],
    ['its variable is not set', { container: {} }],
    [
      'its variable reads another annotation',
      {
        container: {
          env: [{ name: env[0]?.name, valueFrom: { fieldRef: { fieldPath: "metadata.annotations['x']" } } }],
        },
      },
    ],
  ])('so it is denied where %s', (_, changes) => {
    const decision = validate(aReader({ subPathExpr: EXPRESSION }, { ...waiting, ...changes }))
    expect(reasonsOf(decision)).toEqual(['SnapshotUnknown'])
  })
})
