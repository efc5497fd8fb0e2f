import { expect, test } from 'vitest'
import { modelCache } from '../api/modelcache.ts'
import { PAUSED } from '../api/names.ts'
import { waited } from './wait.ts'

const condition = (type: string, status: string) => ({
  type,
  status,
  reason: 'Why',
  message: 'because',
  lastTransitionTime: '2031-06-01T12:00:00Z',
})

const cache = (status: object | undefined, metadata: object = {}) =>
  modelCache.parse({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name: 'llama', generation: 2, ...metadata },
    spec: {
      artifact: { source: { inline: { files: { a: 'b' } } } },
      mount: { path: '/mnt/model' },
      storage: { pvc: { storageClassName: 'shared' } },
    },
    status,
  })

const seen = (phase: string, conditions: object[], more: object = {}) =>
  cache({ observedGeneration: 2, phase, conditions, ...more })

test.each([
  ['nothing yet', cache(undefined), 'going', 'waits for the controller'],
  [
    'a cache that the controller leaves alone',
    cache(undefined, { annotations: { [PAUSED]: 'true' } }),
    'going',
    'is paused; remove annotation modelplane.ai/paused',
  ],
  [
    'an older spec',
    cache({
      observedGeneration: 1,
      phase: 'Failed',
      conditions: [condition('Ready', 'False'), condition('Failed', 'True')],
    }),
    'going',
    'waits for the controller',
  ],
  [
    'work',
    seen('Hydrating', [condition('Ready', 'False')], { progress: '62%' }),
    'going',
    'is Hydrating 62%: Why: because',
  ],
  ['Ready', seen('Ready', [condition('Ready', 'True')]), 'ready', 'is Ready'],
  [
    'a failure that is tried again',
    seen('Failed', [
      condition('Ready', 'False'),
      condition('Failed', 'True'),
      condition('Reconciling', 'True'),
    ]),
    'failed',
    'has failed: Why: because',
  ],
  [
    'a state that somebody must end',
    seen('Pending', [condition('Ready', 'False'), condition('Stalled', 'True')]),
    'failed',
    'has failed: Why: because',
  ],
  [
    'a deletion',
    cache(undefined, { deletionTimestamp: '2031-06-01T12:00:00Z' }),
    'failed',
    'is being deleted',
  ],
])('after %s it is %s', (_, given, state, words) => {
  expect(waited(given)).toEqual({ state, words })
})
