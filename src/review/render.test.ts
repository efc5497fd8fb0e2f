import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { snapshotPath } from '../api/volume-layout.ts'
import type { Operation } from '../injection/json-patch.ts'
import { additionLines } from './additions.ts'
import { CACHE, CLASS, DEPLOYMENT, DIGEST, POD, READY_CACHE, reviewText, stream } from './fixtures.ts'
import { renderJson, renderPatches, renderText } from './render.ts'

const plain = (_: string, text: string) => text

describe('text', () => {
  test('has each object with its place, its findings, what is injected, and the numbers at the end', async () => {
    const results = await reviewText(stream(CLASS, READY_CACHE, DEPLOYMENT, POD.replace('llama', 'lama')))
    const lines = renderText(results, plain).split('\n')
    expect(lines).toEqual([
      'in.yaml:7 ModelCache default/llama: admitted',
      'in.yaml:22 Deployment default/serve: admitted',
      '  + spec.template.spec.volumes: {name: modelcache--llama, persistentVolumeClaim: {claimName: modelcache--llama, readOnly: true}}',
      `  + spec.template.spec.containers[vllm].volumeMounts: {name: modelcache--llama, mountPath: /mnt/model, readOnly: true, subPath: ${snapshotPath(DIGEST)}}`,
      `  + spec.template.metadata.annotations: {modelplane.ai/injected: llama=${DIGEST}}`,
      '  + spec.template.metadata.labels: {modelplane.ai/cache-consumer: "true"}',
      'in.yaml:27 Pod default/server: denied',
      expect.stringMatching(
        /^ {2}CacheNotFound \(error\) metadata\.annotations\[modelplane\.ai\/caches\]: there is no/,
      ),
      '3 objects: 2 admitted, 0 warned, 1 denied',
      '',
    ])
  })

  test('does not say the field twice, and says when there is nothing to review', async () => {
    const [finding] = renderText(await reviewText(CACHE), plain)
      .split('\n')
      .slice(1)
    expect(finding).toMatch(
      /^ {2}StorageClassNotFound \(error\) spec\.storage\.pvc\.storageClassName shared: /,
    )
    expect(renderText([], plain)).toBe('nothing to review: no ModelCache, pod or workload in the input\n')
  })

  test('is coloured by verdict', async () => {
    const painted = renderText(
      await reviewText(stream(CLASS, CACHE)),
      (colour, text) => `<${colour}>${text}</>`,
    )
    expect(painted).toContain('<bold>in.yaml:7 ModelCache default/llama</>: <green>admitted</>')
  })
})

test('json has every result with its place, in the order of the input', async () => {
  const { results } = JSON.parse(renderJson(await reviewText(stream(CLASS, CACHE, DEPLOYMENT))))
  expect(results).toEqual([
    {
      apiVersion: 'modelplane.ai/v1alpha1',
      kind: 'ModelCache',
      namespace: 'default',
      name: 'llama',
      file: 'in.yaml',
      line: 7,
      verdict: 'admitted',
      findings: [],
      patch: [],
    },
    expect.objectContaining({
      kind: 'Deployment',
      line: 15,
      verdict: 'warned',
      findings: [
        {
          reason: 'CacheNotReady',
          severity: 'warning',
          field: 'metadata.annotations',
          message: expect.stringContaining('default/llama'),
        },
      ],
    }),
  ])
})

test('patch has one document in a line for each object that is given something', async () => {
  const printed = renderPatches(await reviewText(stream(CLASS, READY_CACHE, DEPLOYMENT, POD)))
  const documents = printed
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(documents).toEqual([
    {
      file: 'in.yaml',
      line: 22,
      kind: 'Deployment',
      namespace: 'default',
      name: 'serve',
      patch: expect.any(Array),
    },
    {
      file: 'in.yaml',
      line: 27,
      kind: 'Pod',
      namespace: 'default',
      name: 'server',
      patch: expect.any(Array),
    },
  ])
  expect(renderPatches(await reviewText(stream(CLASS, CACHE)))).toBe('')
})

describe('an addition reads', () => {
  const pod = parse('{ metadata: { annotations: { a: b } }, spec: { containers: [{ name: vllm }, {}] } }')
  const add = (path: string, value: unknown): Operation => ({ op: 'add', path, value })

  test.each<[string, Operation, string[]]>([
    [
      'into an array',
      add('/spec/volumes/-', { name: 'x', deep: { y: [1] } }),
      ['spec.volumes: {name: x, deep: {y: [1]}}'],
    ],
    [
      'of an array that was absent',
      add('/spec/schedulingGates', [{ name: 'a' }, { name: 'b' }]),
      ['spec.schedulingGates: {name: a}', 'spec.schedulingGates: {name: b}'],
    ],
    [
      'into a container by its name',
      add('/spec/containers/0/env/-', { name: 'x', value: '1' }),
      ['spec.containers[vllm].env: {name: x, value: "1"}'],
    ],
    ['into an element without a name', add('/spec/containers/1/env', ['x']), ['spec.containers[1].env: x']],
    [
      'of a member, its name unescaped',
      add('/metadata/annotations/a~1b~0c', 'v'),
      ['metadata.annotations: {a/b~c: v}'],
    ],
    [
      'of a map that was absent',
      add('/metadata/labels', { a: 'true', b: 'x' }),
      ['metadata.labels: {a: "true"}', 'metadata.labels: {b: x}'],
    ],
    [
      'in one line, however long',
      add('/spec/text', 'word '.repeat(60)),
      [`spec: {text: "${'word '.repeat(60)}"}`],
    ],
  ])('%s', (_, operation, lines) => {
    expect(additionLines(pod, [operation])).toEqual(lines)
  })
})
