import { describe, expect, it } from 'vitest'
import { ACCESS_MODES_ANNOTATION, type AccessMode, storageClass } from '../api/kubernetes/storage-class.ts'
import { storageProfile } from '../api/kubernetes/storage-profile.ts'
import { attestHint, rwxCapability } from './rwx.ts'

function capability(provisioner: string, parameters?: Record<string, string>, accessModes?: string) {
  const annotations = accessModes === undefined ? undefined : { [ACCESS_MODES_ANNOTATION]: accessModes }
  const parsed = storageClass.parse({ metadata: { name: 'sc', annotations }, provisioner, parameters })
  return rwxCapability(parsed, undefined, undefined)
}

/** Decided by the `status` of the class's StorageProfile, as the Containerized Data Importer writes it. */
function byProfile(provisioner: string, status: unknown, annotations?: Record<string, string>) {
  return rwxCapability(
    storageClass.parse({ metadata: { name: 'sc', annotations }, provisioner }),
    storageProfile.parse({ metadata: { name: 'sc' }, spec: {}, status }),
    undefined,
  )
}

const set = (volumeMode: string | null | undefined, ...accessModes: string[]) => ({ accessModes, volumeMode })

describe('rwxCapability by provisioner', () => {
  it('says why in words fit for a message', () => {
    expect(capability('ebs.csi.aws.com')).toEqual({
      answer: 'no',
      by: 'provisioner',
      because: 'provisioner ebs.csi.aws.com provides block volumes, attachable to one node only',
    })
    expect(capability('pd.csi.storage.gke.io', { type: 'hyperdisk-ml' })).toEqual({
      answer: 'no',
      by: 'provisioner',
      because:
        'provisioner pd.csi.storage.gke.io with type=hyperdisk-ml provides volumes that one node can write or many nodes can read, but never both',
    })
  })

  it.each(['example.com/nfs', '', 'constructor', 'EBS.csi.aws.com', '.cephfs.csi.ceph.com'])(
    'does not know %j',
    provisioner => {
      expect(capability(provisioner)).toEqual({
        answer: 'unknown',
        by: 'provisioner',
        because: `provisioner ${provisioner} is not known to ModelCache`,
      })
    },
  )

  it('leaves static volumes to the admin', () => {
    expect(capability('kubernetes.io/no-provisioner')).toEqual({
      answer: 'unknown',
      by: 'provisioner',
      because:
        'its volumes are created by hand (kubernetes.io/no-provisioner), so each has its own access modes',
    })
  })
})

describe('rwxCapability by annotation', () => {
  it.each([
    ['yes over the table', 'ebs.csi.aws.com', 'ReadWriteOnce,ReadWriteMany', 'yes'],
    ['no over the table', 'nfs.csi.k8s.io', 'RWO', 'no'],
    ['yes for an unknown provisioner', 'example.com/x', 'RWX', 'yes'],
    ['no for read-only sharing: the cache must be filled too', 'example.com/x', 'ReadOnlyMany', 'no'],
    ['no for one pod', 'example.com/x', 'ReadWriteOncePod', 'no'],
    ['yes for static volumes', 'kubernetes.io/no-provisioner', 'ReadWriteMany', 'yes'],
  ])('says %s', (_, provisioner, accessModes, answer) => {
    expect(capability(provisioner, {}, accessModes).answer).toBe(answer)
  })

  it('quotes the annotation in its full words', () => {
    expect(capability('nfs.csi.k8s.io', {}, 'RWO, ROX').because).toBe(
      'annotation modelplane.ai/access-modes says ReadWriteOnce, ReadOnlyMany',
    )
  })

  it('denies a malformed annotation, whatever the table says', () => {
    expect(capability('nfs.csi.k8s.io', {}, 'ReadWriteMny')).toEqual({
      answer: 'no',
      by: 'annotation',
      because:
        'annotation modelplane.ai/access-modes is malformed: "ReadWriteMny" is not one of ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod',
    })
    expect(capability('nfs.csi.k8s.io', {}, '').answer).toBe('no')
  })
})

describe('rwxCapability by StorageProfile', () => {
  it.each([
    ['ReadWriteMany Filesystem', [set('Filesystem', 'ReadWriteMany')]],
    [
      'it in any place, next to others',
      [set('Block', 'ReadWriteMany', 'ReadWriteOnce'), set('Filesystem', 'ReadWriteOnce', 'ReadWriteMany')],
    ],
    ['no volumeMode, which means Filesystem', [set(undefined, 'ReadWriteMany')]],
    ['a null volumeMode', [set(null, 'ReadWriteMany')]],
  ])('says yes over the table when it lists %s', (_, claimPropertySets) => {
    expect(byProfile('ebs.csi.aws.com', { claimPropertySets })).toMatchObject({
      answer: 'yes',
      by: 'profile',
    })
  })

  it.each([
    ['an unknown provisioner', 'example.com/x'],
    ['static volumes', 'kubernetes.io/no-provisioner'],
    ['a provisioner that the table has as shared', 'nfs.csi.k8s.io'],
  ])('says no of %s when it lists no ReadWriteMany, and what it lists', (_, provisioner) => {
    const claimPropertySets = [
      set('Filesystem', 'ReadWriteOnce', 'ReadOnlyMany'),
      { volumeMode: 'Block', accessModes: null },
    ]
    expect(byProfile(provisioner, { claimPropertySets })).toEqual({
      answer: 'no',
      by: 'profile',
      because: 'StorageProfile sc lists ReadWriteOnce/ReadOnlyMany Filesystem, no access mode Block',
    })
  })

  it('says no when only raw devices are shared', () => {
    const claimPropertySets = [set('Block', 'ReadWriteMany'), set('Filesystem', 'ReadWriteOnce')]
    expect(byProfile('example.com/x', { claimPropertySets })).toEqual({
      answer: 'no',
      by: 'profile',
      because:
        'StorageProfile sc lists ReadWriteMany Block, ReadWriteOnce Filesystem, and a raw device cannot be mounted as a file system',
    })
  })

  it.each([
    ['no status', undefined],
    ['a null status', null],
    ['no sets', { provisioner: 'x' }],
    ['null sets', { claimPropertySets: null }],
    ['empty sets', { claimPropertySets: [] }],
  ])('says nothing with %s, and the table decides', (_, status) => {
    expect(byProfile('nfs.csi.k8s.io', status)).toMatchObject({ answer: 'yes', by: 'provisioner' })
    expect(byProfile('example.com/x', status)).toMatchObject({ answer: 'unknown', by: 'provisioner' })
  })

  it('yields to the annotation, either way', () => {
    const shared = { claimPropertySets: [set('Filesystem', 'ReadWriteMany')] }
    const single = { claimPropertySets: [set('Filesystem', 'ReadWriteOnce')] }
    const attested = (modes: string) => ({ [ACCESS_MODES_ANNOTATION]: modes })
    expect(byProfile('x', shared, attested('ReadWriteOnce'))).toMatchObject({
      answer: 'no',
      by: 'annotation',
    })
    expect(byProfile('x', single, attested('ReadWriteMany'))).toMatchObject({
      answer: 'yes',
      by: 'annotation',
    })
    expect(byProfile('x', shared, attested('typo'))).toMatchObject({ answer: 'no', by: 'annotation' })
  })
})

describe('attestHint', () => {
  it('gives a command whose result this module accepts', () => {
    expect(attestHint('fast-nfs')).toBe(
      'if it does support ReadWriteMany, an administrator can attest that: kubectl annotate storageclass fast-nfs modelplane.ai/access-modes=ReadWriteMany',
    )
  })
})

describe('rwxCapability by what an InferenceCluster declares', () => {
  const declared = (accessModes: AccessMode[], provisioner = 'acme.example.com', annotation?: string) => {
    const annotations = annotation === undefined ? undefined : { [ACCESS_MODES_ANNOTATION]: annotation }
    const parsed = storageClass.parse({ metadata: { name: 'sc', annotations }, provisioner })
    return rwxCapability(parsed, undefined, [{ name: 'acme.example.com', accessModes }])
  }

  it('says yes or no of the driver of that name', () => {
    expect(declared(['ReadWriteOnce', 'ReadWriteMany']).answer).toBe('yes')
    expect(declared(['ReadWriteOnce'])).toEqual({
      answer: 'no',
      by: 'declaration',
      because:
        'spec.storage.csiDrivers of the InferenceCluster says ReadWriteOnce of provisioner acme.example.com',
    })
    expect(declared([]).because).toContain('says no access mode of')
  })

  it('says nothing of others', () => {
    expect(declared(['ReadWriteMany'], 'other.example.com')).toMatchObject({ by: 'provisioner' })
  })

  it('gives way to what stands on the class', () => {
    expect(declared(['ReadWriteMany'], 'acme.example.com', 'ReadWriteOnce')).toMatchObject({ answer: 'no' })
  })
})
