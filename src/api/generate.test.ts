import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GENERATED, inRepository } from './generate.ts'

test.each(GENERATED)('$path is what the code generates (npm run generate)', ({ path, content }) => {
  expect(readFileSync(inRepository(path), 'utf8')).toBe(content())
})
