import { describe, expect, it } from 'vitest'
import { storageClass } from '../api/storageclass.ts'
import { ACCESS_MODES_ANNOTATION } from './accessmodesannotation.ts'
import { attestHint, rwxCapability } from './rwx.ts'

function capability(provisioner: string, parameters?: Record<string, string>, accessModes?: string) {
  const annotations = accessModes === undefined ? undefined : { [ACCESS_MODES_ANNOTATION]: accessModes }
  return rwxCapability(storageClass.parse({ metadata: { name: 'sc', annotations }, provisioner, parameters }))
}

describe('rwxCapability by provisioner', () => {
  it('says why in words fit for a message', () => {
    expect(capability('ebs.csi.aws.com')).toEqual({
      answer: 'no',
      because: 'provisioner ebs.csi.aws.com provides block volumes, attachable to one node only',
    })
    expect(capability('pd.csi.storage.gke.io', { type: 'hyperdisk-ml' })).toEqual({
      answer: 'no',
      because:
        'provisioner pd.csi.storage.gke.io with type=hyperdisk-ml provides volumes that one node writes or many nodes read, never both',
    })
  })

  it.each(['example.com/nfs', '', 'constructor', 'EBS.csi.aws.com', '.cephfs.csi.ceph.com'])(
    'does not know %j',
    provisioner => {
      expect(capability(provisioner)).toEqual({
        answer: 'unknown',
        because: `provisioner ${provisioner} is not known to ModelCache`,
      })
    },
  )

  it('leaves static volumes to the admin', () => {
    expect(capability('kubernetes.io/no-provisioner')).toEqual({
      answer: 'unknown',
      because:
        'its volumes are made by hand (kubernetes.io/no-provisioner), so each has its own access modes',
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
      because:
        'annotation modelplane.ai/access-modes is malformed: "ReadWriteMny" is not one of ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod',
    })
    expect(capability('nfs.csi.k8s.io', {}, '').answer).toBe('no')
  })
})

describe('attestHint', () => {
  it('gives a command whose result this module accepts', () => {
    expect(attestHint('fast-nfs')).toBe(
      'if it does support ReadWriteMany, an admin can attest it: kubectl annotate storageclass fast-nfs modelplane.ai/access-modes=ReadWriteMany',
    )
  })
})
