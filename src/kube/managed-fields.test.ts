import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withoutManagedFields } from './managed-fields.ts'

const without = (text: string) => withoutManagedFields(Buffer.from(text)).toString()

const { letrec, dictionary, array, constantFrom, oneof, string } = fc

/** Any JSON with many keys and texts that look like the real key. */
const { json } = letrec<{ json: unknown }>(tie => ({
  json: oneof(
    { maxDepth: 5 },
    oneof(
      string(),
      constantFrom('"managedFields":[', '{"managedFields":[{}]}', '\\', '\\"', ']', '[', null, 1),
    ),
    array(tie('json'), { maxLength: 4 }),
    dictionary(
      oneof(constantFrom('managedFields', 'metadata', '"managedFields', '\\"managedFields', ']'), string()),
      tie('json'),
      { maxKeys: 4 },
    ),
  ),
}))

it('leaves out what a parser would find under the key, and nothing else', () => {
  fc.assert(
    fc.property(json, value => {
      const text = JSON.stringify(value)
      expect(JSON.parse(without(text))).toEqual(JSON.parse(text, drop))
    }),
    { numRuns: 2_000 },
  )
})

/** A reviver: without the lists of that key. */
function drop(key: string, value: unknown): unknown {
  return key === 'managedFields' && Array.isArray(value) ? undefined : value
}

it.each([
  ['after other fields', '{"name":"a","managedFields":[{"f:x":{}}]}', '{"name":"a"}'],
  ['before other fields', '{"managedFields":[[],"]"],"name":"a"}', '{"name":"a"}'],
  ['between others', '{"a":1,"managedFields":["\\\\\\"]"],"b":2}', '{"a":1,"b":2}'],
  ['alone', '{"managedFields":[]}', '{}'],
  ['in each item', '[{"managedFields":[1]},{"managedFields":[2]}]', '[{},{}]'],
])('%s', (_, text, expected) => {
  expect(without(text)).toBe(expected)
})

it.each([
  ['cut off in the list', '{"a":1,"managedFields":[{"f:x":'],
  ['cut off in a text', '{"a":1,"managedFields":["\\'],
  ['with spaces', '{ "managedFields": [1] }'],
  ['no list', '{"managedFields":{"a":[1]}}'],
  ['not JSON', 'x"managedFields":[1]'],
])('text stays as it is: %s', (_, text) => {
  expect(without(text)).toBe(text)
})
