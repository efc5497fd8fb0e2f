import { describe, expect, test } from 'vitest'
import { matchesGlob } from './glob.ts'

// What Python's fnmatch.fnmatchcase says about the same pattern.
test.each<[pattern: string, path: string, matches: boolean]>([
  ['*.safetensors', 'model.safetensors', true],
  ['*.safetensors', 'a/b/model.safetensors', true],
  ['*.safetensors', 'model.safetensors.index.json', false],
  ['model-0000?-of-00002.*', 'model-00001-of-00002.safetensors', true],
  ['original/', 'original/params.json', true],
  ['original/', 'original', false],
  ['[a-c]*', 'bert.json', true],
  ['[!a-c]*', 'bert.json', false],
  ['[]x]y', ']y', true],
  ['[abc', '[abc', true],
  ['[a-]', '-', true],
  ['*a*b*c', 'xxaxxbxxc', true],
  ['*a*b*c', 'xxaxxcxxb', false],
  ['*', '', true],
  ['?', '', false],
  ['Config.json', 'config.json', false],
  ['a.c', 'abc', false],
  ['?.txt', '🤗.txt', true],
])('%s and %s: %s', (pattern, path, matches) => {
  expect(matchesGlob(path, pattern)).toBe(matches)
})

describe('a pattern of many stars', () => {
  test('ends', () => {
    expect(matchesGlob('a'.repeat(1024), `${'*a'.repeat(127)}b`)).toBe(false)
  })
})
