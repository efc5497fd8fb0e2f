import { describe, expect, test } from 'vitest'
import {
  aClaim,
  aContainer,
  aGpuContainer,
  aModelCache,
  aPod,
  aReadyCache,
  DIGEST,
  NAMESPACE,
} from '../../api/fixtures.ts'
import { CACHE_CONSUMER, CACHES, CLAIM_OF, INJECTED } from '../../api/names.ts'
import { inject } from '../../injection/fixtures.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision } from '../decision.ts'
import {
  aPolicy,
  aRequest,
  aView,
  CONTROLLER,
  findingsOf,
  JOB_CONTROLLER,
  reasonsOf,
  textOf,
} from '../fixtures.ts'
import { mutatePod } from './mutate.ts'
import { validatePod } from './validate.ts'

const CLAIM = 'modelcache--llama'
const UID = '8c1a4b36-5f0e-4d0e-9f43-0d2f7b1e9a10'
const READY = aView({ caches: [aReadyCache()] })

function validate(pod: unknown, view: ClusterView = READY, request: Record<string, unknown> = {}): Decision {
  return validatePod(aRequest({ object: pod, ...request }), view, aPolicy())
}

describe('a pod that asks for a cache', () => {
  test('is admitted as injection leaves it', () => {
    expect(validate(inject(aPod()))).toEqual(allow())
  })

  test('is denied as InjectionMissing without anything of it, with the places', () => {
    const decision = validate(aPod())
    expect(reasonsOf(decision)).toEqual(['InjectionMissing'])
    expect(textOf(decision)).toContain(
      'is missing the injected fields at spec.volumes, spec.containers[0].volumeMounts, metadata.annotations, metadata.labels;',
    )
  })

  test('is denied for a container that came after injection', () => {
    const given = inject(aPod())
    const late = {
      ...given,
      spec: { ...given.spec, containers: [...given.spec.containers, aGpuContainer()] },
    }
    const decision = validate(late)
    expect(reasonsOf(decision)).toEqual(['InjectionMissing'])
    expect(textOf(decision)).toContain('at spec.containers[1].volumeMounts;')
  })

  test.each([
    ['the record', { labels: { [CACHE_CONSUMER]: 'true' }, annotations: { [CACHES]: 'llama' } }],
    ['the label', { annotations: { [CACHES]: 'llama', [INJECTED]: `llama=${DIGEST}` } }],
  ])('is denied without %s, by which others find it', (_, metadata) => {
    expect(reasonsOf(validate({ ...inject(aPod()), metadata }))).toEqual(['InjectionMissing'])
  })

  test('is confirmed by a live read of its caches before it is denied', () => {
    expect(findingsOf(validate(aPod()))[0]?.basis).toEqual([
      { kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' },
    ])
  })

  test('is denied as MountNotReadOnly where a mount lost its flag', () => {
    const given = inject(aPod())
    const containers = given.spec.containers.map(container => ({
      ...container,
      volumeMounts: container.volumeMounts?.map(mount => ({ ...mount, readOnly: false })),
    }))
    expect(reasonsOf(validate({ ...given, spec: { ...given.spec, containers } }))).toContain(
      'MountNotReadOnly',
    )
  })

  test.each([
    ['a malformed reference', aPod({ caches: 'llama,' }), READY],
    ['a cache that does not exist', aPod(), aView()],
    ['a cache that is not Ready', aPod(), aView({ caches: [aModelCache()] })],
  ])('is denied in the words of injection for %s', (_, pod, view) => {
    expect(validate(pod, view)).toEqual(mutatePod(aRequest({ object: pod }), view))
  })

  test('keeps the snapshot that it was given when the cache is fetched again meanwhile', () => {
    const digest = `sha256:${'07'.repeat(32)}`
    const refetched = aView({
      caches: [aReadyCache({ digest, snapshots: [{ digest: DIGEST }, { digest }] })],
    })
    expect(validate(inject(aPod()), refetched)).toEqual(allow())
  })

  test('is denied when its record and its mount are of different snapshots', () => {
    const given = inject(aPod())
    const annotations = { ...given.metadata.annotations, [INJECTED]: `llama=sha256:${'07'.repeat(32)}` }
    const decision = validate({ ...given, metadata: { ...given.metadata, annotations } })
    expect(reasonsOf(decision)).toEqual(['InjectionMissing'])
  })

  test('is denied when record and mount agree on a snapshot that status does not know', () => {
    const elsewhere = aReadyCache({ digest: `sha256:${'07'.repeat(32)}` })
    const decision = validate(inject(aPod()), aView({ caches: [elsewhere] }))
    expect(reasonsOf(decision)).toEqual(['MountPathConflict'])
  })
})

/** The spec of a pod that mounts a claim, writable by default. */
function mounting(volume: object = {}, mount: object = {}, list = 'containers') {
  const mounts = [{ name: 'data', mountPath: '/data', ...mount }]
  return {
    containers: [aContainer()],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: CLAIM, ...volume } }],
    [list]: [aContainer({ name: 'it', volumeMounts: mounts })],
  }
}

const plain = (spec: object, metadata: object = {}) => ({ metadata, spec })
const READ_ONLY = { readOnly: true }

describe('a pod that mounts a managed claim', () => {
  test.each([
    ['by a writable volume', mounting()],
    ['by a writable volume, though its mount is read-only', mounting({}, READ_ONLY)],
    ['by a writable volume that no container mounts', { ...mounting(), containers: [aContainer()] }],
    ['by a writable mount', mounting(READ_ONLY)],
    ['by a mount that says readOnly: false', mounting(READ_ONLY, { readOnly: false })],
    ['by a writable mount of an init container', mounting(READ_ONLY, {}, 'initContainers')],
  ])('%s is denied once, as ClaimWritable', (_, spec) => {
    const decision = validate(plain(spec))
    expect(reasonsOf(decision)).toEqual(['ClaimWritable'])
    expect(textOf(decision)).toContain(`mounts claim ${CLAIM} of ModelCache ${NAMESPACE}/llama writable`)
  })

  test('read-only on both levels is admitted', () => {
    expect(validate(plain(mounting(READ_ONLY, READ_ONLY)))).toEqual(allow())
  })

  test('is denied on the basis of the cache, which is read live first', () => {
    expect(findingsOf(validate(plain(mounting())))[0]?.basis).toEqual([
      { kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' },
    ])
  })
})

describe('a claim is managed', () => {
  const labelled = aClaim({ name: CLAIM, metadata: { labels: { [CLAIM_OF]: 'gone' } } })
  const reported = aModelCache({ name: 'long', status: { claimName: CLAIM } })

  test.each<[string, ClusterView]>([
    ['by the name of a cache that has no status yet', aView({ caches: [aModelCache()] })],
    ['by the status of a cache', aView({ caches: [reported] })],
    ['by its label, though its cache is gone', aView({ claims: [labelled] })],
  ])('%s', (_, view) => {
    expect(reasonsOf(validate(plain(mounting()), view))).toEqual(['ClaimWritable'])
  })

  test.each<[string, ClusterView]>([
    ['nobody has made a cache of that name', aView({ claims: [aClaim({ name: CLAIM })] })],
    [
      'the cache is of another namespace',
      aView({ caches: [{ ...aModelCache(), metadata: { name: 'llama', namespace: 'other' } }] }),
    ],
    [
      'people fill it',
      aView({
        caches: [
          aModelCache({
            spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: CLAIM } } },
            status: { claimName: CLAIM },
          }),
        ],
      }),
    ],
  ])('not when %s', (_, view) => {
    expect(validate(plain(mounting()), view)).toEqual(allow())
  })
})

describe('the hydration pod', () => {
  const hydrating = aModelCache({ status: { claimName: CLAIM, hydration: { jobUID: UID } } })
  const view = aView({ caches: [hydrating] })
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'hydrate', uid: UID, controller: true }
  const ownedBy = (...ownerReferences: object[]) => plain(mounting(), { ownerReferences })
  const as = (username: string) => ({ userInfo: { username } })

  test.each([JOB_CONTROLLER, 'system:kube-controller-manager'])('may write when %s creates it', username => {
    expect(validate(ownedBy(owner), view, as(username))).toEqual(allow())
  })

  test('may be created by the users that the administrator names instead', () => {
    const request = aRequest({ object: ownedBy(owner), ...as('jobs@example.com') })
    expect(validatePod(request, view, aPolicy({ jobControllers: ['jobs@example.com'] }))).toEqual(allow())
    expect(reasonsOf(validatePod(request, view, aPolicy()))).toEqual(['ClaimWritable'])
  })

  test.each(['tenant', '', CONTROLLER, `${JOB_CONTROLLER}x`])(
    'is forged when "%s" creates it, whatever it says of itself',
    username => {
      expect(reasonsOf(validate(ownedBy(owner), view, as(username)))).toEqual(['ClaimWritable'])
    },
  )

  test.each<[string, object[]]>([
    ['has no owner', []],
    ['is of another Job', [{ ...owner, uid: 'another' }]],
    ['is owned, not controlled, by the Job', [{ ...owner, controller: false }]],
    ['is controlled by something else of that UID', [{ ...owner, kind: 'ReplicaSet' }]],
    [
      'is controlled by another Job beside',
      [
        { ...owner, uid: 'another' },
        { ...owner, controller: null },
      ],
    ],
  ])('is somebody else when it %s', (_, owners) => {
    expect(reasonsOf(validate(ownedBy(...owners), view, as(JOB_CONTROLLER)))).toEqual(['ClaimWritable'])
  })

  test('is nobody while status names no Job', () => {
    const decision = validate(ownedBy({ ...owner, uid: '' }), READY, as(JOB_CONTROLLER))
    expect(reasonsOf(decision)).toEqual(['ClaimWritable'])
  })

  test('of one cache may not write to the claim of another', () => {
    const both = aView({
      caches: [aModelCache(), aModelCache({ name: 'other', status: { hydration: { jobUID: UID } } })],
    })
    expect(reasonsOf(validate(ownedBy(owner), both, as(JOB_CONTROLLER)))).toEqual(['ClaimWritable'])
  })
})

describe('an ephemeral container', () => {
  const added = { operation: 'UPDATE', subResource: 'ephemeralcontainers' }

  test('that mounts a managed claim writable is denied', () => {
    const decision = validate(plain(mounting(READ_ONLY, {}, 'ephemeralContainers')), READY, added)
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimWritable', field: 'spec.ephemeralContainers' } },
    ])
  })

  test('is denied so in the hydration pod too, whoever adds it', () => {
    const pod = plain(mounting({}, {}, 'ephemeralContainers'))
    const decision = validate(pod, READY, { ...added, userInfo: { username: JOB_CONTROLLER } })
    expect(reasonsOf(decision)).toEqual(['ClaimWritable'])
  })

  test('may mount it read-only, in a hydration pod too', () => {
    expect(validate(plain(mounting({}, READ_ONLY, 'ephemeralContainers')), READY, added)).toEqual(allow())
  })

  test('may come to a pod whose caches are gone', () => {
    expect(validate(inject(aPod()), aView(), added)).toEqual(allow())
  })
})

describe('nothing is said of', () => {
  test('a pod that has nothing to do with caches', () => {
    expect(validate({ metadata: {}, spec: { containers: [aContainer()] } })).toEqual(allow())
  })

  test.each([
    ['UPDATE', undefined],
    ['DELETE', undefined],
    ['CREATE', 'binding'],
    ['UPDATE', 'status'],
  ])('%s of subresource %s', (operation, subResource) => {
    expect(validate(aPod(), READY, { operation, subResource })).toEqual(allow())
  })
})

test('what is no Pod is denied', () => {
  expect(reasonsOf(validate(null))).toEqual(['SpecInvalid'])
})
