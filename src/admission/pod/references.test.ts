import { describe, expect, test } from 'vitest'
import { cacheReferences } from './references.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `cache-${index}`)

describe('the annotation names caches', () => {
  test.each<[string, string[]]>([
    ['llama', ['llama']],
    ['llama-3-3-70b, custom-tokenizer', ['llama-3-3-70b', 'custom-tokenizer']],
    [' b ,\ta\n', ['b', 'a']],
    ['llama-3.3,7b', ['llama-3.3', '7b']],
    ['m'.repeat(253), ['m'.repeat(253)]],
    [names(16).join(','), names(16)],
  ])('%j in its order', (annotation, expected) => {
    expect(cacheReferences(annotation)).toEqual({ value: expected })
  })
})

describe('the annotation is ReferenceInvalid', () => {
  test.each([
    ['empty', '', 'names no cache'],
    ['spaces alone', '  ', 'names no cache'],
    ['commas alone', ',,', 'names no cache'],
    ['an empty name at the end', 'a,', 'ends with a comma'],
    ['an empty name in between', 'a,,b', 'has an empty name'],
    ['a name twice', 'a,b, a', 'names "a" twice'],
    ['upper case', 'Llama', 'has "Llama", which is not an object name'],
    ['another separator', 'a;b', 'has "a;b"'],
    ['another namespace', 'team/llama', 'has "team/llama"'],
    ['a space within', 'a b', 'has "a b"'],
    ['a hyphen at the end', 'a,b-', 'has "b-"'],
    ['a dot at the start', '.a', 'has ".a"'],
    ['a line break within', 'a\nb', 'has "a\\nb"'],
    ['a JSON list', '["a"]', 'which is not an object name'],
    ['a name that is too long', 'm'.repeat(254), 'which is not an object name'],
    ['too many names', names(17).join(','), 'names 17 caches, but at most 16 are allowed'],
  ])('for %s, and says what to write', (_, annotation, problem) => {
    const found = cacheReferences(annotation).refused ?? expect.fail('accepted')
    expect(found.reason).toBe('ReferenceInvalid')
    expect(found.field).toBe('metadata.annotations[modelplane.ai/caches]')
    expect(found.text).toContain(problem)
    expect(found.text).toContain('names of ModelCaches in this namespace, separated by commas')
  })

  test('in a text of bounded length on one line, however long the annotation', () => {
    const found = cacheReferences(`A\n${'x'.repeat(200_000)}`).refused ?? expect.fail('accepted')
    expect(found.text.length).toBeLessThan(500)
    expect(found.text).not.toContain('\n')
  })
})
