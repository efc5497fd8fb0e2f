import { describe, expect, test } from 'vitest'
import { aModelCache, anInferenceCluster, aStorageClass, NAMESPACE } from '../../api/fixtures.ts'
import { storageProfile } from '../../api/kubernetes/storage-profile.ts'
import { allow } from '../decision.ts'
import { aPolicy, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { create, DENY, pvc, spec, WARN } from './fixtures.ts'
import { storageClass } from './storage-class.ts'

/** The InferenceCluster may declare what a driver supports. */
const CLUSTERS = { list: 'InferenceCluster' }
const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]
const profileBasis = (name: string) => ({ kind: 'StorageProfile', name })

/** The findings for a new ModelCache with the class of this name, or without one. */
function judge(storageClassName: string | undefined, held: Parameters<typeof aView>[0], policy = aPolicy()) {
  const cache = aModelCache({ spec: { storage: { pvc: { storageClassName } } } })
  return storageClass({ namespace: NAMESPACE, cache, old: undefined }, aView(held), policy)
}

function aProfile(name: string, ...claimPropertySets: { accessModes: string[]; volumeMode?: string }[]) {
  return storageProfile.parse({ metadata: { name }, status: { claimPropertySets } })
}

describe('a StorageProfile', () => {
  const classes = [aStorageClass({ name: 'acme', provisioner: 'acme.example/files' })]
  const FILES = { accessModes: ['ReadWriteMany'], volumeMode: 'Filesystem' }
  const RAW = { accessModes: ['ReadWriteMany'], volumeMode: 'Block' }

  test('lets a class of an unknown provisioner pass', () => {
    expect(judge('acme', { classes, profiles: [aProfile('acme', FILES)] })).toEqual([])
  })

  test('of another class says nothing', () => {
    const findings = judge('acme', { classes, profiles: [aProfile('other', FILES)] })
    expect(findings).toMatchObject([{ violation: { reason: 'StorageClassNotRWX' } }])
  })

  test.each(['Deny', 'Warn'] as const)(
    'that lists raw devices alone denies under %s, with what it lists, both ways out, and itself in the basis',
    unknownProvisioner => {
      const profiles = [aProfile('acme', RAW)]
      const findings = judge('acme', { classes, profiles }, aPolicy({ unknownProvisioner }))
      expect(findings).toEqual([
        {
          severity: 'error',
          violation: {
            reason: 'StorageClassNotRWX',
            field: 'spec.storage.pvc.storageClassName',
            text: 'spec.storage.pvc.storageClassName acme: it does not support ReadWriteMany, because StorageProfile acme lists ReadWriteMany Block, and a raw device cannot be mounted as a file system; use a class backed by a shared file system; if it does support ReadWriteMany, an administrator can attest that: kubectl annotate storageclass acme modelplane.ai/access-modes=ReadWriteMany',
          },
          basis: [{ kind: 'StorageClass', name: 'acme' }, profileBasis('acme'), CLUSTERS],
        },
      ])
    },
  )

  test('that is missing is in the basis too: it may have been made just now', () => {
    const findings = judge('acme', { classes })
    expect(findings[0]?.basis).toEqual([
      { kind: 'StorageClass', name: 'acme' },
      profileBasis('acme'),
      CLUSTERS,
    ])
    const [warning] = judge('acme', { classes }, aPolicy({ unknownProvisioner: 'Warn' }))
    expect(warning?.severity).toBe('warning')
    expect(warning?.basis).toContainEqual(profileBasis('acme'))
  })
})

describe('the class that the InferenceCluster names', () => {
  const prod = (name: string) => [anInferenceCluster('prod', name)]
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  const std = aStorageClass({ name: 'std', annotations })

  test('is taken before the default, when it is shared', () => {
    const gp3 = aStorageClass({ name: 'gp3', provisioner: 'ebs.csi.aws.com', annotations })
    expect(judge(undefined, { classes: [aStorageClass(), gp3], inferenceClusters: prod('shared') })).toEqual(
      [],
    )
  })

  test('is StorageClassNotRWX when it is not shared, although the default is', () => {
    const classes = [std, aStorageClass({ name: 'gp3', provisioner: 'ebs.csi.aws.com' })]
    const findings = judge(undefined, { classes, inferenceClusters: prod('gp3') })
    expect(findings).toMatchObject([
      { violation: { reason: 'StorageClassNotRWX' }, basis: [...LISTS, profileBasis('gp3')] },
    ])
    expect(findings[0]?.violation.text).toBe(
      'spec.storage.pvc.storageClassName is unset, and InferenceCluster prod names gp3: it does not support ReadWriteMany, because provisioner ebs.csi.aws.com provides block volumes, attachable to one node only; use a class backed by a shared file system',
    )
  })

  test('is StorageClassNotFound when there is none of that name, although there is a default', () => {
    const findings = judge(undefined, { classes: [std], inferenceClusters: prod('gone') })
    expect(findings).toMatchObject([{ violation: { reason: 'StorageClassNotFound' }, basis: LISTS }])
    expect(findings[0]?.violation.text).toBe(
      'spec.storage.pvc.storageClassName is unset, and InferenceCluster prod names gone: there is no such StorageClass; name one that supports ReadWriteMany: std',
    )
  })

  test('is that of the configured name, where several are registered', () => {
    const inferenceClusters = [anInferenceCluster('a', 'gone'), ...prod('shared')]
    const held = { classes: [aStorageClass()], inferenceClusters }
    expect(judge(undefined, held, aPolicy({ clusterName: 'prod' }))).toEqual([])
    expect(judge(undefined, held, aPolicy({ clusterName: 'a' }))).toMatchObject([
      { violation: { reason: 'StorageClassNotFound' } },
    ])
    expect(judge(undefined, held)).toMatchObject([{ violation: { reason: 'NoStorageClass' } }])
  })
})

describe('the StorageClass of a new cache', () => {
  const FIELD = 'spec.storage.pvc.storageClassName'

  test('is StorageClassNotFound when there is none of that name, on the basis of that class', () => {
    const decision = create(pvc('gone'))
    expect(findingsOf(decision)).toMatchObject([
      {
        violation: { reason: 'StorageClassNotFound', field: FIELD },
        basis: [{ kind: 'StorageClass', name: 'gone' }],
      },
    ])
    expect(textOf(decision)).toContain('gone')
    expect(textOf(decision)).toContain('name one that supports ReadWriteMany: shared')
  })

  test('is StorageClassNotRWX when its provisioner gives block volumes, on the basis of that class and its profile', () => {
    const classes = [aStorageClass({ name: 'disk', provisioner: 'ebs.csi.aws.com' })]
    for (const policy of [DENY, WARN]) {
      const decision = create(pvc('disk'), aView({ classes }), policy)
      expect(findingsOf(decision)).toMatchObject([
        {
          violation: { reason: 'StorageClassNotRWX', field: FIELD },
          basis: [{ kind: 'StorageClass', name: 'disk' }, { kind: 'StorageProfile', name: 'disk' }, CLUSTERS],
        },
      ])
      expect(textOf(decision)).toContain('ebs.csi.aws.com')
      expect(textOf(decision)).toContain('use a class backed by a shared file system')
    }
  })

  test('follows the word of the admin on it, either way', () => {
    const annotated = (provisioner: string, modes: string) =>
      aView({
        classes: [
          aStorageClass({ name: 'c', provisioner, annotations: { 'modelplane.ai/access-modes': modes } }),
        ],
      })
    expect(create(pvc('c'), annotated('ebs.csi.aws.com', 'ReadWriteMany'))).toEqual(allow())
    expect(reasonsOf(create(pvc('c'), annotated('filestore.csi.storage.gke.io', 'ReadWriteOnce')))).toEqual([
      'StorageClassNotRWX',
    ])
  })

  test('of an unknown provisioner is denied under Deny and warned of under Warn, with the way to attest', () => {
    const view = aView({ classes: [aStorageClass({ name: 'acme', provisioner: 'acme.example/files' })] })
    const attest = 'kubectl annotate storageclass acme modelplane.ai/access-modes=ReadWriteMany'
    const denied = create(pvc('acme'), view, DENY)
    expect(reasonsOf(denied)).toEqual(['StorageClassNotRWX'])
    expect(textOf(denied)).toContain(attest)
    const warned = create(pvc('acme'), view, WARN)
    const warning = { reason: 'StorageClassNotRWX', text: expect.stringContaining(attest) }
    expect(warned).toMatchObject({ allowed: true, warnings: [{ violation: warning }] })
  })

  describe('that names none', () => {
    const marked = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    const LISTS = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }]

    test.each([undefined, 'no member'])('is the default class (%s)', member => {
      const cache = member === undefined ? pvc() : spec({ storage: { backend: 'PVC' } })
      const classes = [
        aStorageClass({ provisioner: 'ebs.csi.aws.com' }),
        aStorageClass({ name: 'std', annotations: marked }),
      ]
      expect(create(cache, aView({ classes }))).toEqual(allow())
    })

    test('is NoStorageClass without a default, on the basis of the whole lists', () => {
      const decision = create(pvc())
      expect(findingsOf(decision)).toMatchObject([
        { violation: { reason: 'NoStorageClass', field: FIELD }, basis: LISTS },
      ])
      expect(textOf(decision)).toContain('name one that supports ReadWriteMany')
    })

    test('is held to the same rule, and the text names the default', () => {
      const classes = [aStorageClass({ name: 'gp3', provisioner: 'ebs.csi.aws.com', annotations: marked })]
      const decision = create(pvc(), aView({ classes }))
      expect(findingsOf(decision)).toMatchObject([
        {
          violation: { reason: 'StorageClassNotRWX' },
          basis: [...LISTS, { kind: 'StorageProfile', name: 'gp3' }],
        },
      ])
      expect(textOf(decision)).toContain('the default class is gp3')
    })
  })
})
