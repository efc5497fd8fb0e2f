import { expect, test } from 'vitest'
import { aTakenUpCache } from '../fixtures.ts'
import { claim } from './claim.ts'

const decided = { storageClassName: 'shared', sizeGiB: 10 }

test('the claim is ReadWriteMany, of the class that was decided, and owned by the cache', () => {
  expect(claim(aTakenUpCache(), decided)).toEqual({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'modelcache--llama',
      namespace: 'ml-team',
      labels: { 'app.kubernetes.io/managed-by': 'modelcache', 'modelplane.ai/modelcache': 'llama' },
      annotations: {},
      ownerReferences: [
        {
          apiVersion: 'modelplane.ai/v1alpha1',
          kind: 'ModelCache',
          name: 'llama',
          uid: 'uid-of-the-cache',
          controller: true,
        },
      ],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'shared',
      resources: { requests: { storage: '10Gi' } },
    },
  })
})

test('it has the labels and annotations of the installation and of the ModelCache, which wins, and ours', () => {
  const labels = { team: 'search', 'modelplane.ai/modelcache': 'other' }
  const pvc = { storageClassName: 'shared', labels, annotations: { a: 'mine' } }
  const defaults = { labels: { team: 'any', tier: 'gold' }, annotations: { a: 'any', b: 'any' } }
  expect(claim(aTakenUpCache({ spec: { storage: { pvc } } }), decided, defaults)).toMatchObject({
    metadata: {
      labels: { team: 'search', tier: 'gold', 'modelplane.ai/modelcache': 'llama' },
      annotations: { a: 'mine', b: 'any' },
    },
  })
})
