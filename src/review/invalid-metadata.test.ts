import { expect, test } from 'vitest'
import { CACHE, CLASS, POD, reviewText } from './fixtures.ts'

const metadata = (fields: string) => CACHE.replace('{ name: llama }', `{ name: llama, ${fields} }`)

async function errorsIn(text: string): Promise<string[]> {
  const results = await reviewText(`${CLASS}---${text}`)
  return results.flatMap(({ findings }) =>
    findings
      .filter(({ severity }) => severity === 'error')
      .map(({ field, message }) => `${field}: ${message}`),
  )
}

const renamed = (name: string) => CACHE.replace('name: llama', `name: ${name}`)

test.each([
  ['a name with capitals', renamed('Bad_Name'), /^metadata\.name: "Bad_Name" is not the name of an object/],
  ['a name that ends with a dot', renamed('llama.'), /^metadata\.name: "llama\." is not the name/],
  [
    'a namespace with a dot',
    metadata('namespace: a.b'),
    /^metadata\.namespace: "a\.b" is not the name of a namespace/,
  ],
  [
    'the value of a label',
    metadata('labels: { team: "a b" }'),
    /^metadata\.labels\[team\]: "a b" is not the value/,
  ],
  [
    'the key of a label',
    metadata('labels: { "a b/c": x }'),
    /^metadata\.labels\[a b\/c\]: "a b\/c" is not the key/,
  ],
  [
    'a key without a name',
    metadata('annotations: { "example.com/": x }'),
    /"example\.com\/" is not the key of an annotation/,
  ],
  [
    'more annotations than fit',
    metadata(`annotations: { a: "${'x'.repeat(262_145)}" }`),
    /together, and at most 262144/,
  ],
])('%s is denied, as by the API server', async (_, text, expected) => {
  expect(await errorsIn(text)).toEqual([expect.stringMatching(expected)])
})

test.each([
  [
    'a CronJob',
    'kind: CronJob',
    'batch/v1',
    '{ schedule: "@daily", jobTemplate: { spec: { template: TEMPLATE } } }',
  ],
  ['a Deployment', 'kind: Deployment', 'apps/v1', '{ template: TEMPLATE }'],
])('the metadata of the template of %s counts too', async (_, kind, apiVersion, spec) => {
  const template =
    '{ metadata: { labels: { app: "-" }, annotations: { modelplane.ai/caches: llama } }, spec: { containers: [{ name: a, image: b }] } }'
  const text = `\napiVersion: ${apiVersion}\n${kind}\nmetadata: { name: ${'c'.repeat(53)} }\nspec: ${spec.replace('TEMPLATE', template)}\n`
  const errors = await errorsIn(`${CACHE}---${text}`)
  expect(errors).toContainEqual(
    expect.stringMatching(/template\.metadata\.labels\[app\]: "-" is not the value/),
  )
  expect(errors.some(error => error.startsWith('metadata.name:'))).toBe(kind === 'kind: CronJob')
})

test('a value that YAML reads as no text is denied', async () => {
  const text = POD.replace('modelplane.ai/caches: llama', 'modelplane.ai/caches: llama, example.com/hot: yes')
  expect(await errorsIn(`${CACHE}---${text}`)).toContainEqual(
    'metadata.annotations[example.com/hot]: the value of annotation example.com/hot is not text; put it in quotes: "true"',
  )
})

test('a generated name may end with a dash', async () => {
  const text = POD.replace('name: server', 'generateName: server-')
  const errors = await errorsIn(`${CACHE}---${text}`)
  expect(errors.filter(error => error.includes('is not the name'))).toEqual([])
})
