import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ORACLE = new URL('oracle/', import.meta.url)
const files = globSync('**/*.ts', { cwd: ORACLE })

/** Everything that a file imports, including types. */
function importsOf(file: string): string[] {
  const source = readFileSync(new URL(file, ORACLE), 'utf8')
  const found = [...source.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"`]([^'"`]+)['"`]/g)]
  return found.flatMap(([, specifier]) => specifier ?? [])
}

test('the oracle shares no code with the product, nor a library with it', () => {
  const specifiers = files.flatMap(importsOf)
  expect(specifiers).toContain('./json.ts')
  expect(specifiers.filter(specifier => !/^(\.\/[a-z-]+\.ts|node:(crypto|util))$/.test(specifier))).toEqual(
    [],
  )
})
