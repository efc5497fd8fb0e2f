import { expect, test } from 'vitest'
import { textOf, textVariables } from './hydration-env.ts'

/** As kubelet expands the value of a variable: k8s.io/kubernetes/third_party/forked/golang/expansion. */
const expand = (value: string) =>
  value.replaceAll(/\$(\$|\([^)]*\))/g, (_, found: string) => (found === '$' ? '$' : 'expanded'))

const through = (text: string) =>
  textOf(
    'TEXT',
    Object.fromEntries(textVariables('TEXT', text).map(({ name, value }) => [name, expand(value)])),
  )

test.each([
  ['short', 'apiVersion: x'],
  ['with dollars', '$HOME $(PATH) $$ $$(X) $'],
  ['of many parts', `${'0123456789'.repeat(20_000)}end`],
  ['of characters of four bytes', '😀'.repeat(40_001)],
  ['of such characters, by one off', `x${'😀'.repeat(40_001)}`],
])('a text comes through variables: %s', (_, text) => {
  expect(through(text)).toBe(text)
  for (const { value } of textVariables('TEXT', text)) expect(Buffer.byteLength(value)).toBeLessThan(131_072)
})

test('no text, no variables', () => {
  expect(textVariables('TEXT', '')).toEqual([])
  expect(textOf('TEXT', {})).toBeUndefined()
})
