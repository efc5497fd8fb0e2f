import { describe, expect, test } from 'vitest'
import { applied } from './fixtures.ts'
import { createPatch, pointer } from './json-patch.ts'

describe('a JSON Pointer', () => {
  test.each([
    ['a', '/x/a'],
    ['a/b', '/x/a~1b'],
    ['a~b', '/x/a~0b'],
    ['~1', '/x/~01'],
    ['/~', '/x/~1~0'],
    [0, '/x/0'],
  ])('to member %j is %s', (member, expected) => {
    expect(pointer('/x', member)).toBe(expected)
  })
})

describe('setting a member', () => {
  test.each(['a/b', 'a~b', '~1', 'a~/b', '__x'])('works for the name %j', name => {
    const patch = createPatch()
    patch.set('/map', { kept: 'k' }, name, 'v')
    expect(applied({ map: { kept: 'k' } }, patch.operations)).toEqual({ map: { kept: 'k', [name]: 'v' } })
  })

  test('twice in an absent map keeps the first', () => {
    const patch = createPatch()
    patch.set('/map', undefined, 'a', '1')
    patch.set('/map', undefined, 'b', '2')
    expect(applied({}, patch.operations)).toEqual({ map: { a: '1', b: '2' } })
  })

  test('is nothing to do when it has that value, and an operation when it has another', () => {
    const patch = createPatch()
    patch.set('/map', { a: '1' }, 'a', '1')
    expect(patch.operations).toEqual([])
    patch.set('/map', { a: '1' }, 'a', '2')
    expect(applied({ map: { a: '1' } }, patch.operations)).toEqual({ map: { a: '2' } })
  })
})

describe('appending', () => {
  test.each([[undefined], [[]], [['x']]])('twice to %j adds both at the end, in order', list => {
    const patch = createPatch()
    patch.append('/list', list, 'one')
    patch.append('/list', list, 'two')
    expect(applied({ list }, patch.operations)).toEqual({ list: [...(list ?? []), 'one', 'two'] })
  })
})
