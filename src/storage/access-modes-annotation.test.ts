import { describe, expect, it } from 'vitest'
import type { StorageClass } from '../api/kubernetes/storage-class.ts'
import { ACCESS_MODES_ANNOTATION } from '../api/kubernetes/storage-class.ts'
import { attestedAccessModes } from './access-modes-annotation.ts'

function attested(value: string) {
  const annotations = { [ACCESS_MODES_ANNOTATION]: value }
  const storageClass: StorageClass = { metadata: { name: 'fast', annotations }, provisioner: 'example.com/x' }
  return attestedAccessModes(storageClass)
}

describe('attestedAccessModes', () => {
  it('is undefined without the annotation', () => {
    expect(attestedAccessModes({ metadata: { name: 'fast' }, provisioner: 'x' })).toBeUndefined()
  })

  it.each([
    ['ReadWriteMany', ['ReadWriteMany']],
    ['RWX', ['ReadWriteMany']],
    ['ReadWriteOnce,ReadOnlyMany', ['ReadWriteOnce', 'ReadOnlyMany']],
    [' RWO , ROX ', ['ReadWriteOnce', 'ReadOnlyMany']],
    ['RWOP', ['ReadWriteOncePod']],
    ['RWX,ReadWriteMany', ['ReadWriteMany']],
  ])('reads %j', (value, modes) => {
    expect(attested(value)).toEqual({ valid: true, modes: new Set(modes) })
  })

  it.each([
    ['', ''],
    ['RWX,', ''],
    ['rwx', 'rwx'],
    ['ReadWriteMany;ReadWriteOnce', 'ReadWriteMany;ReadWriteOnce'],
    ['RWO,shared,RWX', 'shared'],
    ['constructor', 'constructor'],
  ])('finds the fault in %j', (value, entry) => {
    expect(attested(value)).toEqual({ valid: false, entry })
  })
})
