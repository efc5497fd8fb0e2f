import { describe, expect, test } from 'vitest'
import { CACHE_CONTAINERS, CACHES } from '../../api/names.ts'
import { findStrays, findTemplates } from './find-templates.ts'

const asks = { metadata: { annotations: { [CACHES]: 'llama' } } }
const template = { ...asks, spec: { containers: [{ name: 'a' }] } }
const plain = { spec: { containers: [] } }

const found = (object: unknown) =>
  findTemplates(object).map(({ path, pointer, isWhole }) => `${isWhole ? '' : 'partly '}${path} ${pointer}`)

describe('a template is found by its shape', () => {
  test.each([
    ['at spec.template', { spec: { template } }, ['spec.template /spec/template']],
    [
      'in lists and maps of people',
      { spec: { replicaSpecs: { 'Worker/a': { template } }, groups: [{ template: plain }, { template }] } },
      [
        'spec.replicaSpecs.Worker/a.template /spec/replicaSpecs/Worker~1a/template',
        'spec.groups[0].template /spec/groups/0/template',
        'spec.groups[1].template /spec/groups/1/template',
      ],
    ],
    [
      'inside another that is none',
      { spec: { job: { spec: { template } } } },
      ['spec.job.spec.template /spec/job/spec/template'],
    ],
    ['not in status or metadata', { metadata: { template }, status: { template } }, []],
    ['not where containers are no list', { spec: { template: { spec: { containers: 1 } } } }, []],
  ])('%s', (_, object, expected) => {
    expect(found(object)).toEqual(expected)
  })
})

describe('annotations of ours without a template below', () => {
  test.each([
    ['on the object itself', { ...asks, spec: { model: 'x' } }, ['partly  ']],
    [
      'on a part of it',
      { spec: { predictor: { annotations: { [CACHES]: 'a' } } } },
      ['partly spec.predictor /spec/predictor'],
    ],
    ['that choose containers', { metadata: { annotations: { [CACHE_CONTAINERS]: 'a' } } }, ['partly  ']],
    ['on both', { ...asks, spec: { parts: [asks] } }, ['partly  ', 'partly spec.parts[0] /spec/parts/0']],
    [
      'are those of the workload where there is one',
      { ...asks, spec: { template: plain } },
      ['spec.template /spec/template'],
    ],
    ['of others are none', { metadata: { annotations: { a: 'b' } } }, []],
    ['that are no map are none', { metadata: { annotations: 'x' } }, []],
  ])('%s', (_, object, expected) => {
    expect(found(object)).toEqual(expected)
  })
})

test('what stands above a template is a stray, and what stands on it is none', () => {
  expect(
    findStrays({ ...asks, spec: { template: { ...asks, spec: { roles: [{ template: plain }] } } } }),
  ).toEqual(['llama', 'llama'])
  expect(findStrays({ spec: { template } })).toEqual([])
  expect(findStrays({ ...asks, spec: {} })).toEqual([])
})

test.each([undefined, null, 1, 'x', [], {}])('%j has none', object => {
  expect(findTemplates(object)).toEqual([])
})

test('what has a longer name than any field does not have its name copied', () => {
  expect(found({ spec: { ['x'.repeat(253)]: { template } } })).toHaveLength(1)
  expect(found({ spec: { ['/'.repeat(254)]: { template } } })).toEqual([])
})

test('what is deeper than any kind does not fill the stack', () => {
  let spec: unknown = template
  for (let depth = 0; depth < 100_000; depth++) spec = { a: spec }
  expect(findTemplates({ spec })).toEqual([])
})
