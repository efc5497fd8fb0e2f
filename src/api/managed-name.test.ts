import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MANAGED_PREFIX, managedName } from './managed-name.ts'
import { objectName } from './schema/object-name.ts'

const LABEL = /^modelcache--[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

describe('the label of a cache', () => {
  test.each([
    ['llama-3-3-70b', 'modelcache--llama-3-3-70b'],
    ['a--b', 'modelcache--a--b'],
    ['x'.repeat(51), `modelcache--${'x'.repeat(51)}`],
  ])('%s is its name behind the prefix', (cache, label) => {
    expect(managedName(cache)).toBe(label)
  })

  test.each([
    'a.b',
    'x'.repeat(52),
    'x'.repeat(253),
    `${'x'.repeat(40)}.y`,
    `a-b--${'0'.repeat(25)}`,
    `${'a.'.repeat(30)}b`,
  ])('%s is a slug and a hash', cache => {
    const label = managedName(cache)
    expect(label).toMatch(LABEL)
    expect(label).toMatch(/[a-z0-9]--[0-9a-z]{25}$/)
    expect(label.length).toBeLessThanOrEqual(63)
  })

  test('is never that of another cache, not even of one that is named like it', () => {
    for (const cache of ['a.b', 'x'.repeat(60), 'x'.repeat(253), `a-b--${'0'.repeat(25)}`]) {
      const named = managedName(cache).slice(MANAGED_PREFIX.length)
      expect(managedName(named)).not.toBe(managedName(cache))
    }
    expect(managedName(`${'x'.repeat(252)}a`)).not.toBe(managedName(`${'x'.repeat(252)}b`))
  })

  test('is not shared by any of 100,000 long names that begin alike', () => {
    const labels = new Set<string>()
    // With a hash of 32 bits, 36,204 names were enough for a collision.
    for (let index = 0; index < 100_000; index++) labels.add(managedName(`${'x'.repeat(64)}${index}`))
    expect(labels.size).toBe(100_000)
  })

  test('is a label whatever the name', () => {
    const name = fc
      .stringMatching(/^[a-z0-9]([a-z0-9.-]{0,80}[a-z0-9])?$/)
      .filter(n => objectName.safeParse(n).success)
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(managedName(one)).toMatch(LABEL)
        expect(managedName(one).length).toBeLessThanOrEqual(63)
        if (one !== other) expect(managedName(one)).not.toBe(managedName(other))
      }),
    )
  })
})
