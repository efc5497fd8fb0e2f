import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { ANNOTATIONS, bearerOf, looksLikeOurs, NEARLY, nearestKey, PLACES } from './known-keys.ts'
import { GROUP } from './schema/group.ts'

const KEYS = Object.values(ANNOTATIONS).flat()

test.each(Object.entries(NEARLY))('%s is meant by each name of its row', (key, names) => {
  expect(bearerOf(key)).toBeDefined()
  expect(names).toEqual(names.toSorted())
  for (const name of names) {
    expect(nearestKey(`${GROUP}/${name}`)).toBe(key)
    expect(KEYS).not.toContain(`${GROUP}/${name}`)
  }
})

test('no name stands in two rows', () => {
  const names = Object.values(NEARLY).flat()
  expect(new Set(names).size).toBe(names.length)
})

test.each([
  ['cahces', 'caches'],
  ['Caches', 'caches'],
  ['cache_containers', 'cache-containers'],
  ['notready', 'not-ready'],
  ['re.fetch', 'refetch'],
  ['pausd', 'paused'],
  ['zebra', undefined],
  ['c'.repeat(300_000), undefined],
])('%.20s is nearest to %s', (name, expected) => {
  expect(nearestKey(`${GROUP}/${name}`)).toBe(expected && `${GROUP}/${expected}`)
})

test.each([
  [`${GROUP}/anything`, true],
  ['modelplane.io/caches', true],
  ['modelcache.example.com/cache', true],
  ['model-cache/caches', true],
  ['MODELPLANE.AI/Caches', true],
  ['modelcache.example.com/zone', false],
  ['example.com/caches', false],
  ['remodelcached.example.com/caches', false],
  ['caches', false],
  [`digest.${GROUP}/weights`, false],
  [`${'modelcache.'.repeat(100_000)}/caches`, false],
])('%.40s looks like ours: %s', (key, expected) => {
  expect(looksLikeOurs(key)).toBe(expected)
})

describe('policy modelcache-ignored-keys has the same table', () => {
  const policy = z.object({
    kind: z.literal('ValidatingAdmissionPolicy'),
    metadata: z.object({ name: z.literal('modelcache-ignored-keys') }),
    spec: z.object({ variables: z.array(z.object({ name: z.string(), expression: z.string() })) }),
  })
  const manifests = readFileSync(new URL('../../manifests/policies.yaml', import.meta.url), 'utf8')
  const found = parseAllDocuments(manifests).flatMap(each => policy.safeParse(each.toJS()).data ?? [])
  const pairsOf = (variable: string) => {
    const { expression = '' } = found[0]?.spec.variables.find(({ name }) => name === variable) ?? {}
    return [...expression.matchAll(/'([^']+)': '([^']+)'/g)].map(([, name, value]) => [name, value])
  }

  test('of names', () => {
    const rows = Object.entries(NEARLY).flatMap(([key, names]) =>
      names.map(name => [name, key.split('/')[1]]),
    )
    expect(pairsOf('nearly')).toEqual(rows)
  })

  test('of places', () => {
    const rows = (['pod', 'modelcache', 'storageclass', 'workload'] as const).flatMap(bearer =>
      ANNOTATIONS[bearer].map(key => [key.split('/')[1], PLACES[bearer]]),
    )
    expect(pairsOf('works')).toEqual(rows)
  })
})
