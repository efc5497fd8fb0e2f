import { expect, test } from 'vitest'
import { casesOf } from './case.ts'
import { GATE } from './oracle/cluster.ts'
import { at, listAt } from './oracle/json.ts'
import { judge } from './oracle/oracle.ts'

/** Agreement only means something for what the generator covers. */
const verdicts = [...casesOf(1, 0, 20_000)].map(({ one: { webhook, text, cluster } }) => {
  const review: unknown = JSON.parse(text)
  return { webhook, before: at(review, 'request', 'object'), ...judge(webhook, review, cluster) }
})

test('what is generated is denied for every reason, alone and together, and allowed as often', () => {
  const alone = verdicts.filter(({ reasons }) => reasons.size === 1).flatMap(({ reasons }) => [...reasons])
  const together = verdicts.filter(({ reasons }) => reasons.size > 1).flatMap(({ reasons }) => [...reasons])
  const everyReason = [
    'ArtifactSourceAmbiguous',
    'ArtifactSourceRequired',
    'CacheInUse',
    'CacheNotFound',
    'CacheNotReady',
    'ClaimNotFound',
    'ClaimNotMountable',
    'ClaimNotShared',
    'ClaimWritable',
    'ExpansionNotAllowed',
    'FieldImmutable',
    'HydrationMetadataInvalid',
    'HydrationMetadataNotAllowed',
    'HydrationProtected',
    'InjectionMissing',
    'MountNotReadOnly',
    'MountPathConflict',
    'MountPathInvalid',
    'MountPathReserved',
    'NoStorageClass',
    'NotImplemented',
    'ReferenceInvalid',
    'SelectorTooLong',
    'SizeCannotShrink',
    'SnapshotUnknown',
    'SourceInvalid',
    'SpecInvalid',
    'StorageClassNotFound',
    'StorageClassNotRWX',
    'StorageMemberMismatch',
  ]
  expect([...new Set(alone)].toSorted()).toEqual(everyReason)
  expect(new Set(together).size).toBeGreaterThan(everyReason.length / 2)
  expect(verdicts.filter(({ allowed }) => allowed).length).toBeGreaterThan(verdicts.length / 4)
  expect(verdicts.some(({ isReview }) => !isReview)).toBe(true)
})

test('workloads get every warning', () => {
  const warnings = new Set(verdicts.flatMap(({ warnings = [] }) => [...warnings]))
  expect([...warnings].toSorted()).toEqual([
    'AnnotationNotOnTemplate',
    'CacheNotFound',
    'CacheNotReady',
    'ContainersNotChosen',
    'GangReferencesDiffer',
    'KeyIgnored',
    'PathNotMounted',
  ])
})

test('pods are given caches that are Ready and ones that are not, and some have all they need', () => {
  const pods = verdicts.filter(({ webhook, allowed }) => webhook === 'mutate-pods' && allowed)
  const gates = (pod: unknown) =>
    listAt(pod, 'spec', 'schedulingGates').filter(gate => at(gate, 'name') === GATE)
  const changed = pods.filter(({ before, object }) => JSON.stringify(before) !== JSON.stringify(object))
  const gated = changed.filter(({ before, object }) => gates(object).length > gates(before).length)
  const same = pods.filter(
    ({ before, object }) => gates(before).length > 0 && !changed.some(it => it.object === object),
  )
  for (const kind of [changed, gated, same]) expect(kind.length).toBeGreaterThan(20)
})
