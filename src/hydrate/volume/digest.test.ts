import { expect, test } from 'vitest'
import { digestOf, sorted } from './digest.ts'

const file = (path: string, size = 1, sha256 = 'ab'.repeat(32)) => ({ path, size, sha256 })

test('the digest of a tree is written down here, so that it never changes', () => {
  // printf 'a\0001\000%s\nb/c\0002\000%s\n' abab… abab… | sha256sum
  expect(digestOf([file('a'), file('b/c', 2)])).toBe(
    'sha256:ec1a8509975751417679e7a9354157342133ef61b58249e1d291f7685ed1b0a1',
  )
})

test('the order in which files come does not matter', () => {
  const files = ['b', 'a', 'Z', 'a/b', 'ä', '中'].map(path => file(path))
  expect(digestOf(files.toReversed())).toBe(digestOf(files))
})

test.each([
  ['a path', file('b')],
  ['a size', file('a', 2)],
  ['a content', file('a', 1, 'cd'.repeat(32))],
])('another digest comes of %s that differs', (_, other) => {
  expect(digestOf([other])).not.toBe(digestOf([file('a')]))
})

test.each([
  ['with', ['z', 'a', '\u{1f600}', '\uffee', 'ä', '中', 'a/b', 'a.b']],
  ['without', ['z', 'a', '\uffee', 'ä', '中', 'a/b', 'a.b']],
])('files are in the order of their bytes, %s characters beyond 16 bits', (_, paths) => {
  const expected = paths.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  expect(sorted(paths.map(path => file(path))).map(({ path }) => path)).toEqual(expected)
})
