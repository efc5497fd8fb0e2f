import { expect, test } from 'vitest'
import { consumerPod } from './consumer-pod.ts'

const SNAPSHOT = `snapshots/sha256-${'5e'.repeat(32)}`

function aStoredPod({ metadata = {}, spec = {}, status = {} } = {}) {
  return {
    metadata: { name: 'server', namespace: 'team', resourceVersion: '7', managedFields: [], ...metadata },
    spec: {
      containers: [
        { name: 'app', image: 'app', volumeMounts: [{ name: 'model', mountPath: '/m', subPath: SNAPSHOT }] },
        { name: 'side', image: 'app' },
      ],
      volumes: [
        { name: 'model', persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } },
        { name: 'tmp', emptyDir: {} },
      ],
      nodeName: 'node',
      ...spec,
    },
    status: { phase: 'Running', podIP: '10.0.0.1', ...status },
  }
}

test('of a pod only what rules ask about is kept', () => {
  const metadata = { annotations: { 'modelplane.ai/injected': 'llama=sha256:5e', other: 'x' } }
  expect(consumerPod.parse(aStoredPod({ metadata }))).toEqual({
    metadata: { name: 'server', namespace: 'team', resourceVersion: '7' },
    leader: undefined,
    record: 'llama=sha256:5e',
    claims: ['modelcache--llama'],
    folders: [`modelcache--llama/${SNAPSHOT}`],
    places: [],
    gated: false,
    finished: false,
  })
})

test('folders are those of init containers too, each once', () => {
  const mount = { volumeMounts: [{ name: 'model', mountPath: '/m', subPath: SNAPSHOT }] }
  const other = { volumeMounts: [{ name: 'model', mountPath: '/m', subPath: 'llama' }] }
  const spec = { containers: [mount, mount], initContainers: [other] }
  expect(consumerPod.parse(aStoredPod({ spec })).folders).toEqual([
    `modelcache--llama/${SNAPSHOT}`,
    'modelcache--llama/llama',
  ])
})

test.each([
  ['Succeeded', true],
  ['Failed', true],
  ['Running', false],
  ['Pending', false],
])('in phase %s, it has finished: %s', (phase, finished) => {
  expect(consumerPod.parse(aStoredPod({ status: { phase } })).finished).toBe(finished)
})

test('it is gated by our scheduling gate alone', () => {
  const gated = (...names: string[]) =>
    consumerPod.parse(aStoredPod({ spec: { schedulingGates: names.map(name => ({ name })) } })).gated
  expect(gated('example.com/quota', 'modelplane.ai/cache-ready')).toBe(true)
  expect(gated('example.com/quota')).toBe(false)
  expect(gated()).toBe(false)
})
