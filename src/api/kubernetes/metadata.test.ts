import { expect, test } from 'vitest'
import { controllerOf, ownerReferences } from './metadata.ts'

test('an owner of a name that no object has is an owner without a name', () => {
  const owner = (name: string) => [{ kind: 'ReplicaSet', name, uid: 'uid', controller: true }]
  const read = (name: string) => controllerOf({ ownerReferences: ownerReferences.parse(owner(name)) })
  expect(read('a'.repeat(253))?.name).toHaveLength(253)
  expect(read('a'.repeat(254))).toEqual({ kind: 'ReplicaSet', name: undefined, uid: 'uid', controller: true })
})
