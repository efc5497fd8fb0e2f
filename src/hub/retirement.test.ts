import { expect, test } from 'vitest'
import { anInferenceCluster } from '../api/fixtures.ts'
import { COPIES_FINALIZER, RETIRE } from '../api/names.ts'
import { retirementOf } from './retirement.ts'

const cluster = (given: { asked?: string; deleted?: true; kept?: true; source?: 'Local' }) => {
  const { metadata, ...rest } = anInferenceCluster('west')
  const source = given.source ?? ('Existing' as const)
  return {
    ...rest,
    spec: { cluster: { source, existing: { secretRef: { name: 'west' } } } },
    metadata: {
      ...metadata,
      ...(given.asked && { annotations: { [RETIRE]: given.asked } }),
      ...(given.deleted && { deletionTimestamp: '2031-01-01T00:00:00Z' }),
      ...(given.kept && { finalizers: [COPIES_FINALIZER as typeof COPIES_FINALIZER] }),
    },
  }
}

test.each<[string, Parameters<typeof cluster>[0], number | undefined, boolean | undefined]>([
  ['nobody has asked', {}, 3, undefined],
  ['somebody asks', { asked: 'true' }, 3, true],
  ['somebody asks otherwise', { asked: 'yes' }, 3, undefined],
  ['it is kept', { asked: 'true', kept: true }, 3, undefined],
  ['nobody asks any more', { kept: true }, 3, false],
  ['it is deleted and copies are left', { asked: 'true', kept: true, deleted: true }, 3, undefined],
  ['it is deleted and silent', { asked: 'true', kept: true, deleted: true }, undefined, undefined],
  ['it is deleted and the last copy is gone', { asked: 'true', kept: true, deleted: true }, 0, false],
  ['it is deleted and somebody gives up', { kept: true, deleted: true }, 3, false],
  ['it is deleted already', { asked: 'true', deleted: true }, 3, undefined],
  ['it is the cluster of the hub', { asked: 'true', source: 'Local' }, 0, undefined],
])('the finalizer of a cluster where %s', (_, given, copies, expected) => {
  expect(retirementOf(cluster(given), copies)).toBe(expected)
})
