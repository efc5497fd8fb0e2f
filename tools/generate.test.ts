import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { REASONS } from '../src/api/reasons.ts'
import { GENERATED, inRepository } from './generate.ts'

test.each(GENERATED)('$path is what the code generates (npm run generate)', ({ path, content }) => {
  expect(readFileSync(inRepository(path), 'utf8')).toBe(content())
})

test('every reason is shown as it is told', () => {
  const [, ...sections] = readFileSync(inRepository('docs/reasons.md'), 'utf8').split(/^## /m)
  expect(sections.map(section => section.split('\n')[0])).toEqual(Object.keys(REASONS))
  for (const section of sections) {
    const [reason] = section.split('\n')
    expect(section).toMatch(new RegExp(`^ {4}.*\\b${reason}:(?: |$)`, 'm'))
  }
})
