import { describe, expect, test } from 'vitest'
import { CACHE, CLASS, reviewText } from './fixtures.ts'

const warningsIn = async (text: string) => {
  const results = await reviewText(`${CLASS}---${text}`)
  return results.flatMap(({ verdict, findings }) => findings.map(({ message }) => `${verdict}: ${message}`))
}

const spec = '{ containers: [{ name: a, image: b }] }'
const workload = (apiVersion: string, kind: string, metadata: string, template: string) =>
  `\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: w, ${metadata} }\nspec: { template: { metadata: ${template}, spec: ${spec} } }\n`

describe('review warns where no webhook is called: of', () => {
  test.each([
    [
      'a pod',
      `\napiVersion: v1\nkind: Pod\nmetadata: { name: p, annotations: { modelplane.ai/cache: llama } }\nspec: ${spec}\n`,
    ],
    ['a template', workload('apps/v1', 'Deployment', '', '{ annotations: { modelplane.ai/cache: llama } }')],
    [
      'a kind of an operator',
      workload('example.com/v1', 'Server', '', '{ annotations: { modelplane.ai/cache: llama } }'),
    ],
  ])('%s', async (_, text) => {
    expect(await warningsIn(text)).toEqual([
      expect.stringMatching(
        /^warned: .*modelplane\.ai\/cache is not known; did you mean annotation modelplane\.ai\/caches\?$/,
      ),
    ])
  })

  test('a label of a Deployment', async () => {
    const text = workload('apps/v1', 'Deployment', 'labels: { modelplane.ai/caches: llama }', '{}')
    expect(await warningsIn(text)).toEqual([
      'warned: label modelplane.ai/caches does nothing; make it an annotation of the pod template',
    ])
  })

  test('a ModelCache', async () => {
    const text = CACHE.replace('name: llama', 'name: llama, annotations: { modelplane.ai/paused: "True" }')
    expect(await warningsIn(text)).toContain(
      'warned: annotation modelplane.ai/paused is "True", which does nothing; did you mean "true"?',
    )
  })
})

test('what a controller has created is not reviewed for keys', async () => {
  const owned = 'ownerReferences: [{ apiVersion: apps/v1, kind: X, name: x, uid: "1", controller: true }]'
  const text = workload('apps/v1', 'ReplicaSet', owned, '{ annotations: { modelplane.ai/cache: llama } }')
  expect(await warningsIn(text)).toEqual([])
})

describe('what kustomize renames', () => {
  const cache = CACHE.replace('revision:', 'secretRef: { name: hf }, revision:').replace(
    'name: llama',
    'name: dev-llama',
  )
  const secret = (name: string) => `\napiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\n`

  test('is missed in a ModelCache', async () => {
    expect(await warningsIn(`${secret('dev-hf-fd9k8cktfk')}---${cache}`)).toContainEqual(
      expect.stringContaining(
        'names Secret hf, and the input has dev-hf-fd9k8cktfk; if kustomize has changed',
      ),
    )
    expect(await warningsIn(`${secret('hf')}---${secret('dev-hf')}---${cache}`)).not.toContainEqual(
      expect.stringContaining('kustomize'),
    )
  })

  test('is missed in an annotation', async () => {
    const text = workload('apps/v1', 'Deployment', '', '{ annotations: { modelplane.ai/caches: llama } }')
    expect(await warningsIn(`${cache}---${text}`)).toContainEqual(
      expect.stringContaining('there is no ModelCache default/llama; is dev-llama meant?'),
    )
  })
})
