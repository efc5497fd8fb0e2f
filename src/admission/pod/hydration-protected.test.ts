import { describe, expect, test } from 'vitest'
import { aContainer, aModelCache, aReadyCache } from '../../api/fixtures.ts'
import { HYDRATOR_IMAGE } from '../../api/names.ts'
import { hydrationJob } from '../../controller/modelcache/objects/hydration-job.ts'
import { aPolicy, aRequest, aView, reasonsOf } from '../fixtures.ts'
import { validatePod } from './validate.ts'

const IMAGE = 'registry.example/modelcache:1'
const mount = { name: 'volume', mountPath: '/loot' }

interface Made {
  spec: { template: { metadata: { annotations: object }; spec: { containers: object[]; volumes: object[] } } }
}

/** The pod of a hydration Job, from its template, after webhooks have changed it. */
function aHydration(
  change: (spec: Made['spec']['template']['spec']) => object = spec => spec,
  metadata: object = {},
) {
  const { template } = (hydrationJob(aModelCache(), 'hydrate', { image: IMAGE, env: [] }) as Made).spec
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'x', uid: 'the-job', controller: true }
  return {
    metadata: {
      ...template.metadata,
      name: 'modelcache--llama-abcde',
      ownerReferences: [owner],
      ...metadata,
    },
    spec: change(template.spec),
  }
}

const cache = { ...aReadyCache(), status: { ...aReadyCache().status, hydration: { jobUID: 'the-job' } } }

function reasons(object: object, request: object = {}): string[] {
  const userInfo = { username: 'system:serviceaccount:kube-system:job-controller' }
  return reasonsOf(
    validatePod(aRequest({ object, userInfo, ...request }), aView({ caches: [cache] }), aPolicy()),
  )
}

test('a hydration pod as its Job asks for it is let through, and with what does not touch the claim', () => {
  expect(reasons(aHydration())).toEqual([])
  const apart = aContainer({ name: 'agent', volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] })
  expect(reasons(aHydration(spec => ({ ...spec, containers: [...spec.containers, apart] })))).toEqual([])
})

describe('it is denied with', () => {
  const beside = (list: string, given: object) => (spec: { containers: object[] }) => ({
    ...spec,
    [list]: [...(list === 'containers' ? spec.containers : []), aContainer({ name: 'agent', ...given })],
  })
  test.each<[string, (spec: { containers: object[]; volumes: object[] }) => object]>([
    [
      'another container that reads the claim',
      beside('containers', { volumeMounts: [{ ...mount, readOnly: true }] }),
    ],
    ['another container that writes to it', beside('containers', { volumeMounts: [mount] })],
    ['an init container that does', beside('initContainers', { volumeMounts: [mount] })],
    [
      'a raw device of it',
      beside('containers', { volumeDevices: [{ name: 'volume', devicePath: '/dev/x' }] }),
    ],
    ['shared processes', spec => ({ ...spec, shareProcessNamespace: true })],
    ['processes of the node', spec => ({ ...spec, hostPID: true })],
    [
      'another image',
      spec => ({ ...spec, containers: spec.containers.map(each => ({ ...each, image: 'evil' })) }),
    ],
    [
      'no image',
      spec => ({ ...spec, containers: spec.containers.map(each => ({ ...each, image: undefined })) }),
    ],
  ])('%s', (_what, change) => {
    expect(reasons(aHydration(change))).toContain('HydrationProtected')
  })

  test('an image that nobody asked for', () => {
    expect(reasons(aHydration(undefined, { annotations: {} }))).toEqual(['HydrationProtected'])
  })

  test('an ephemeral container that sees the claim', () => {
    const debugged = { operation: 'UPDATE', subResource: 'ephemeralcontainers' }
    const debugger_ = (volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[]) =>
      aHydration(spec => ({ ...spec, ephemeralContainers: [aContainer({ name: 'debugger', volumeMounts })] }))
    expect(reasons(debugger_([{ ...mount, readOnly: true }]), debugged)).toEqual(['HydrationProtected'])
    expect(reasons(debugger_([]), debugged)).toEqual([])
  })
})

test('a digest behind the image is the same image', () => {
  const pinned = { image: `${IMAGE}@sha256:${'0'.repeat(64)}` }
  expect(
    reasons(
      aHydration(spec => ({ ...spec, containers: spec.containers.map(each => ({ ...each, ...pinned })) })),
    ),
  ).toEqual([])
  const annotations = { [HYDRATOR_IMAGE]: '' }
  expect(reasons(aHydration(undefined, { annotations }))).toEqual(['HydrationProtected'])
})
