import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { applied } from '../injection/fixtures.ts'
import {
  CACHE,
  CLASS,
  DEPLOYMENT,
  lastOf,
  READY_CACHE,
  reviewText,
  said,
  stream,
  TEMPLATE,
  WRITABLE,
} from './fixtures.ts'
import { readManifests } from './read-manifests.ts'

const ASKS = 'annotations: { modelplane.ai/caches: llama }'

describe('a workload', () => {
  const workload = (apiVersion: string, kind: string, spec: string) =>
    `\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: serve }\nspec: ${spec}\n`
  const LWS = 'leaderworkerset.x-k8s.io/v1'

  test.each([
    ['apps/v1', 'Deployment', `{ template: ${TEMPLATE} }`, ['/spec/template']],
    ['apps/v1', 'StatefulSet', `{ template: ${TEMPLATE} }`, ['/spec/template']],
    ['apps/v1', 'DaemonSet', `{ template: ${TEMPLATE} }`, ['/spec/template']],
    ['apps/v1', 'ReplicaSet', `{ template: ${TEMPLATE} }`, ['/spec/template']],
    ['batch/v1', 'Job', `{ template: ${TEMPLATE} }`, ['/spec/template']],
    [
      'batch/v1',
      'CronJob',
      `{ jobTemplate: { spec: { template: ${TEMPLATE} } } }`,
      ['/spec/jobTemplate/spec/template'],
    ],
    [
      LWS,
      'LeaderWorkerSet',
      `{ leaderWorkerTemplate: { leaderTemplate: ${TEMPLATE}, workerTemplate: ${TEMPLATE} } }`,
      ['/spec/leaderWorkerTemplate/leaderTemplate', '/spec/leaderWorkerTemplate/workerTemplate'],
    ],
  ])('%s %s has the patch of its pods where its templates stand', async (apiVersion, kind, spec, places) => {
    const text = workload(apiVersion, kind, spec)
    const result = await lastOf(stream(CLASS, READY_CACHE, text))
    expect(result).toMatchObject({ verdict: 'admitted', findings: [] })
    expect(result.patch.every(({ path }) => places.some(place => path.startsWith(`${place}/`)))).toBe(true)
    const patched = applied(parse(text), result.patch)
    for (const place of places) {
      const template = place
        .slice(1)
        .split('/')
        .reduce<unknown>((value, name) => Object(value)[name], patched)
      expect(template).toMatchObject({
        spec: {
          containers: [{ volumeMounts: [{ mountPath: '/mnt/model', readOnly: true }] }],
          volumes: [{ persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } }],
        },
      })
    }
  })

  test.each([
    ['while its cache is not Ready', stream(CLASS, CACHE, DEPLOYMENT), 'CacheNotReady'],
    ['while there is no cache', DEPLOYMENT, 'CacheNotFound'],
  ])('%s is warned, once, and shows no patch', async (_, text, reason) => {
    const { verdict, findings, patch } = await lastOf(text)
    expect({ verdict, patch }).toEqual({ verdict: 'warned', patch: [] })
    expect(findings.map(finding => [finding.reason, finding.severity])).toEqual([[reason, 'warning']])
  })

  test.each([
    [
      'that names a container it does not have',
      DEPLOYMENT.replace('llama }', 'llama, modelplane.ai/cache-containers: nobody }'),
      'ReferenceInvalid',
    ],
    [
      'without a template, that asks for caches',
      workload('apps/v1', 'Deployment', '{ replicas: 1 }').replace('serve', `serve, ${ASKS}`),
      'SpecInvalid',
    ],
    [
      'whose template has no containers',
      workload('apps/v1', 'Deployment', `{ template: { metadata: { ${ASKS} }, spec: {} } }`),
      'SpecInvalid',
    ],
    [
      'whose name is missing',
      workload('apps/v1', 'Deployment', `{ template: ${TEMPLATE} }`).replace('name: serve', ''),
      'SpecInvalid',
    ],
  ])('%s is denied', async (_, text, reason) => {
    const { verdict, findings, patch } = await lastOf(stream(CLASS, READY_CACHE, text))
    expect({ verdict, patch }).toEqual({ verdict: 'denied', patch: [] })
    expect(new Set(findings.map(finding => finding.reason))).toEqual(new Set([reason]))
  })

  test('of an operator has the patch where its templates stand', async () => {
    const spec = `{ groups: [{ template: { spec: { containers: [] } } }, { template: ${TEMPLATE} }] }`
    const { verdict, patch } = await lastOf(
      stream(CLASS, READY_CACHE, workload('ray.io/v1', 'RayCluster', spec)),
    )
    expect(verdict).toBe('admitted')
    expect(new Set(patch.map(({ path }) => path.split('/').slice(0, 5).join('/')))).toEqual(
      new Set(['/spec/groups/1/template']),
    )
  })

  test.each([
    ['of which no webhook hears', 'example.com/v1', 'Trainer', ['CacheNotFound']],
    [
      'whose pods do not show',
      'serving.kserve.io/v1beta1',
      'InferenceService',
      ['CacheNotFound', 'KindNotJudged'],
    ],
  ])('%s is warned of what becomes of its pods', async (_, apiVersion, kind, reasons) => {
    const isSeen = kind === 'Trainer'
    const text = workload(apiVersion, kind, isSeen ? `{ a: { template: ${TEMPLATE} } }` : '{ predictor: {} }')
    const { verdict, findings } = await lastOf(
      isSeen ? text : text.replace('name: serve', `name: serve, ${ASKS}`),
    )
    expect(verdict).toBe('warned')
    expect(findings.map(finding => finding.reason)).toEqual(reasons)
  })

  test('of which no webhook hears is stored, whatever becomes of its pods', async () => {
    const malformed = TEMPLATE.replace('caches: llama', 'caches: "a,,b"')
    const { verdict, findings } = await lastOf(
      workload('example.com/v1', 'Trainer', `{ template: ${malformed} }`),
    )
    expect(verdict).toBe('warned')
    expect(findings).toMatchObject([
      {
        reason: 'ReferenceInvalid',
        severity: 'warning',
        message: expect.stringMatching(/^its pods are denied: /),
      },
    ])
  })

  test.each([
    ['without a template', '{ replicas: 1 }'],
    ['whose template is nonsense', '{ template: nonsense }'],
    ['whose template has no containers', '{ template: { spec: {} } }'],
  ])('%s, that asks for nothing, is not reviewed', async (_, spec) => {
    expect(await reviewText(workload('apps/v1', 'Deployment', spec))).toMatchObject([
      { verdict: 'admitted', findings: [] },
    ])
  })

  test.each(['kube-system', 'modelcache-system'])(
    'of %s, of which no webhook is asked, is not reviewed',
    async namespace => {
      const text = DEPLOYMENT.replace('name: serve', `name: serve, namespace: ${namespace}`)
      expect(await lastOf(text)).toMatchObject({ verdict: 'admitted', findings: [] })
    },
  )

  test('that is a Job which writes to a managed claim is denied; of a Deployment only the pods are', async () => {
    const spec = `{ template: { spec: ${WRITABLE} } }`
    const both = stream(
      CLASS,
      CACHE,
      workload('batch/v1', 'Job', spec),
      workload('apps/v1', 'Deployment', spec),
    )
    const results = await reviewText(both)
    expect(said(results).slice(1)).toEqual(['Job denied ClaimWritable', 'Deployment warned ClaimWritable'])
    expect(results.at(-1)?.findings[0]).toMatchObject({
      field: expect.stringMatching(/^spec\.template\.spec\./),
      message: expect.stringMatching(/^spec\.template: its pods are denied: {2}/),
    })
  })

  test('whose templates are one by an alias gets a patch for each, and the input stays as it is', async () => {
    const spec = `{ leaderWorkerTemplate: { leaderTemplate: &t ${TEMPLATE}, workerTemplate: *t } }`
    const { manifests } = readManifests('in.yaml', workload(LWS, 'LeaderWorkerSet', spec), 'default')
    const before = JSON.stringify(manifests)
    const { patch } = await lastOf(stream(CLASS, READY_CACHE, workload(LWS, 'LeaderWorkerSet', spec)))
    expect(patch.filter(({ path }) => path.endsWith('/spec/volumes'))).toHaveLength(2)
    expect(JSON.stringify(manifests)).toBe(before)
  })
})
