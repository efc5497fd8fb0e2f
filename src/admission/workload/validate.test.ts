import { describe, expect, test } from 'vitest'
import {
  aContainer,
  aGpuContainer,
  aModelCache,
  aReadyCache,
  NAMESPACE,
  SNAPSHOT,
} from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHE_CONTAINERS, CACHES, NOT_READY } from '../../api/names.ts'
import type { Decision } from '../decision.ts'
import { aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { validateWorkload } from './validate.ts'

const IMAGE = 'vllm/vllm-openai:v0.11.0'
const WORKER = 'spec.leaderWorkerTemplate.workerTemplate'

type Spec = Record<string, unknown>
type Annotations = Record<string, string>

function template(annotations: Annotations = { [CACHES]: 'llama' }, spec: Spec = {}) {
  return {
    metadata: { creationTimestamp: null, annotations },
    spec: { containers: [aGpuContainer()], ...spec },
  }
}

const deployment = (of: unknown = template(), more: object = {}) => ({ spec: { template: of }, ...more })

const lws = (leaderTemplate: unknown, workerTemplate: unknown, size = 2) => ({
  spec: { leaderWorkerTemplate: { size, leaderTemplate, workerTemplate } },
})

function decide(
  object: object,
  given: { caches?: ModelCache[]; resource?: string; request?: object } = {},
): Decision {
  const { caches = [aReadyCache()], resource = 'deployments', request } = given
  const kind = { group: 'apps', version: 'v1', resource }
  return validateWorkload(aRequest({ resource: kind, object, ...request }), aView({ caches }))
}

function warningsOf(decision: Decision): string[] {
  if (!decision.allowed) throw new Error(JSON.stringify(decision))
  expect(decision.patch).toEqual([])
  const warnings = decision.warnings.map(({ violation: { reason, text } }) => `${reason}: ${text}`)
  for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(200)
  return warnings
}

const atMnt = { name: 'own', mountPath: '/mnt' }

describe('a template that can never work is denied', () => {
  const unknownContainer = template({ [CACHES]: 'llama', [CACHE_CONTAINERS]: 'none' })
  const inTheWay = template(undefined, { containers: [aGpuContainer({ volumeMounts: [atMnt] })] })

  test.each([
    ['for a malformed annotation', template({ [CACHES]: 'a,,b' }), 'ReferenceInvalid'],
    ['for a container that it does not have', unknownContainer, 'ReferenceInvalid'],
    ['for a wish that is not Gate', template({ [CACHES]: 'llama', [NOT_READY]: 'Wait' }), 'ReferenceInvalid'],
    ['for Windows', template(undefined, { os: { name: 'windows' } }), 'NotImplemented'],
    ['for what is in the way', inTheWay, 'MountPathConflict'],
    [
      'for a writable volume of the claim',
      template(undefined, {
        volumes: [{ name: 'x', persistentVolumeClaim: { claimName: 'modelcache--llama' } }],
      }),
      'MountNotReadOnly',
    ],
  ])('%s', (_, of, reason) => {
    const decision = decide(deployment(of))
    expect(reasonsOf(decision)).toEqual([reason])
    expect(textOf(decision)).toMatch(/^spec\.template: /)
  })

  test.each([
    ['jobs', deployment(inTheWay), 'spec.template'],
    [
      'cronjobs',
      { spec: { jobTemplate: { spec: { template: inTheWay } } } },
      'spec.jobTemplate.spec.template',
    ],
    ['leaderworkersets', lws(undefined, inTheWay), WORKER],
    ['leaderworkersets', lws(template(), inTheWay), WORKER],
    ['leaderworkersets', lws(inTheWay, template()), 'spec.leaderWorkerTemplate.leaderTemplate'],
  ])('of %s, by the path of the template', (resource, object, path) => {
    const fields = findingsOf(decide(object, { resource })).map(({ violation }) => violation.field)
    expect(fields).toEqual([`${path}.spec.containers`])
  })

  test('already while its cache is not Ready, since the path never changes', () => {
    const [finding] = findingsOf(decide(deployment(inTheWay), { caches: [aModelCache()] }))
    expect(finding).toMatchObject({
      violation: { reason: 'MountPathConflict' },
      basis: [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' }],
    })
  })

  test('and rests on no cache where the template alone decides', () => {
    expect(findingsOf(decide(deployment(unknownContainer)))).toMatchObject([{ basis: [] }])
  })

  test('but not for a cache that does not exist, or is being deleted', () => {
    const leaving = aModelCache({ metadata: { deletionTimestamp: '2031-05-04T03:02:01Z' } })
    expect(decide(deployment(inTheWay), { caches: [] })).toMatchObject({ allowed: true })
    expect(decide(deployment(inTheWay), { caches: [leaving] })).toMatchObject({ allowed: true })
  })

  test('but not where it names no cache: its pods run as they are', () => {
    const idle = template({ [CACHE_CONTAINERS]: 'none' }, { os: { name: 'windows' } })
    expect(decide(deployment(idle))).toMatchObject({ allowed: true })
  })

  test('but not for a mount of the very claim, whose snapshot is not known yet', () => {
    const mounted = { name: 'own', mountPath: '/mnt/model', readOnly: true, subPath: SNAPSHOT }
    const own = template(undefined, {
      volumes: [{ name: 'own', persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } }],
      containers: [aGpuContainer({ volumeMounts: [mounted] })],
    })
    expect(decide(deployment(own), { caches: [aModelCache()] })).toMatchObject({ allowed: true })
    expect(warningsOf(decide(deployment(own)))).toEqual([])
  })

  test('on update too, when it is what changed', () => {
    const request = { operation: 'UPDATE', oldObject: deployment() }
    expect(reasonsOf(decide(deployment(inTheWay), { request }))).toEqual(['MountPathConflict'])
  })

  test('but never when it was there before: it must be possible to scale it', () => {
    const request = { operation: 'UPDATE', oldObject: deployment(inTheWay, { replicas: 1 }) }
    expect(warningsOf(decide(deployment(inTheWay, { replicas: 2 }), { request }))).toEqual([])
  })

  test('but not for the old template of a gang beside the one that changed', () => {
    const request = { operation: 'UPDATE', oldObject: lws(template(), inTheWay) }
    const changed = lws(template(undefined, { hostNetwork: true }), inTheWay)
    expect(decide(changed, { resource: 'leaderworkersets', request })).toMatchObject({ allowed: true })
  })
})

describe('a warning', () => {
  test('is not given when all is well', () => {
    expect(warningsOf(decide(deployment()))).toEqual([])
    expect(warningsOf(decide(lws(template(), template()), { resource: 'leaderworkersets' }))).toEqual([])
  })

  test('says that a cache is missing, once for a gang', () => {
    const decision = decide(lws(template(), template()), { caches: [], resource: 'leaderworkersets' })
    expect(warningsOf(decision)).toEqual([
      `CacheNotFound: there is no ModelCache ${NAMESPACE}/llama; pods are denied until it exists and is Ready`,
    ])
  })

  test('says how far a cache is', () => {
    const caches = [aModelCache({ status: { phase: 'Hydrating', progress: '62%' } })]
    expect(warningsOf(decide(deployment(), { caches }))).toEqual([
      `CacheNotReady: pods are denied until ModelCache ${NAMESPACE}/llama is Ready; it is Hydrating (62%)`,
    ])
  })

  test('says so of pods that would rather wait', () => {
    const waits = template({ [CACHES]: 'llama', [NOT_READY]: 'Gate' })
    expect(warningsOf(decide(deployment(waits), { caches: [aModelCache()] }))).toEqual([
      `CacheNotReady: pods wait at their scheduling gate until ModelCache ${NAMESPACE}/llama is Ready; it is Pending`,
    ])
  })

  test('is cut when a name is endless', () => {
    const name = 'x'.repeat(250)
    expect(warningsOf(decide(deployment(template({ [CACHES]: name })), { caches: [] }))).toHaveLength(1)
  })

  test.each([
    [
      'only leaders name a cache',
      template(),
      template({}),
      /leaders ask for llama, but workers for no cache/,
    ],
    ['only workers do', template({}), template(), /leaders ask for no cache, but workers for llama/],
  ])('says when %s', (_, leader, worker, words) => {
    const [warning] = warningsOf(decide(lws(leader, worker), { resource: 'leaderworkersets' }))
    expect(warning).toMatch(/^GangReferencesDiffer: /)
    expect(warning).toMatch(words)
  })

  test('on differing references is not given for another order, nor for a gang of one', () => {
    const caches = [aReadyCache(), aReadyCache({ name: 'b', path: '/mnt/b' })]
    const swapped = lws(template({ [CACHES]: 'llama,b' }), template({ [CACHES]: 'b, llama' }))
    expect(warningsOf(decide(swapped, { caches, resource: 'leaderworkersets' }))).toEqual([])
    expect(warningsOf(decide(lws(template(), template({}), 1), { resource: 'leaderworkersets' }))).toEqual([])
  })

  test('says that an annotation on the Jobs of a CronJob reaches no pod', () => {
    const metadata = { annotations: { [CACHES]: 'llama' } }
    const cronJob = { spec: { jobTemplate: { metadata, spec: { template: template({}) } } } }
    expect(warningsOf(decide(cronJob, { resource: 'cronjobs' }))).toEqual([
      'AnnotationNotOnTemplate: annotation modelplane.ai/caches on the workload itself does not reach its pods; move it to spec.jobTemplate.spec.template.metadata',
    ])
  })

  test('says that an annotation on the workload reaches no pod', () => {
    const stray = deployment(template({}), { metadata: { annotations: { [CACHES]: 'llama' } } })
    expect(warningsOf(decide(stray))).toEqual([
      'AnnotationNotOnTemplate: annotation modelplane.ai/caches on the workload itself does not reach its pods; move it to spec.template.metadata',
    ])
  })

  test('says that nothing tells which of several containers serves', () => {
    const containers = [aContainer({ name: 'app' }), aContainer({ name: 'proxy' })]
    const of = (annotations: Annotations, spec: Spec) =>
      warningsOf(decide(deployment(template(annotations, spec))))
    const asking = { [CACHES]: 'llama' }
    expect(of(asking, { containers })).toEqual([
      'ContainersNotChosen: spec.template: no container looks like a server, so all of them get the caches; choose containers with annotation modelplane.ai/cache-containers (app, proxy)',
    ])
    expect(of({ ...asking, [CACHE_CONTAINERS]: 'app' }, { containers })).toEqual([])
    expect(of(asking, { containers: containers.slice(0, 1) })).toEqual([])
    expect(of(asking, { containers: [...containers, aGpuContainer()] })).toEqual([])
    const sidecar = { ...aGpuContainer({ name: 'engine' }), restartPolicy: 'Always' }
    expect(of(asking, { containers, initContainers: [sidecar] })).toEqual([])
  })

  test.each([
    ['a variable', { env: [{ name: 'HF_HOME', value: '/mnt/model/hub' }] }, 'HF_HOME is /mnt/model/hub'],
    ['a flag', { args: ['/mnt/model', '--download-dir', '/mnt/model/'] }, '--download-dir is /mnt/model'],
    ['a flag with its value', { args: ['--download-dir=/mnt/model'] }, '--download-dir is /mnt/model'],
  ])('says that the mount is no hub cache, where %s points into it', (_, more, words) => {
    const [warning, ...others] = warningsOf(
      decide(deployment(template(undefined, { containers: [aGpuContainer(more)] }))),
    )
    expect(warning).toContain(`HubCacheReadOnly: container engine: ${words}`)
    expect(others).toEqual([])
  })

  test.each([
    ['elsewhere', { env: [{ name: 'HF_HOME', value: '/cache' }] }],
    ['beside it', { env: [{ name: 'HF_HOME', value: '/mnt/model-cache' }] }],
    ['to nothing that shows', { env: [{ name: 'HF_HOME', valueFrom: {} }], args: ['--download-dir'] }],
  ])('says nothing of a hub cache that points %s', (_, more) => {
    expect(
      warningsOf(decide(deployment(template(undefined, { containers: [aGpuContainer(more)] })))),
    ).toEqual([])
  })

  test('says the same of a hub cache that people have filled, because its mount is read-only, too', () => {
    const storage = { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } } as const
    const filled = aModelCache({ spec: { artifact: {}, storage } })
    const env = [{ name: 'HF_HOME', value: '/mnt/model' }]
    const decision = decide(deployment(template(undefined, { containers: [aGpuContainer({ env })] })), {
      caches: [filled],
    })
    expect(warningsOf(decision).filter(text => text.startsWith('HubCache'))).toHaveLength(1)
  })

  const ofNim = (path: string, env: { name: string; value: string }[] = []) => {
    const cache = aReadyCache({ path })
    const containers = [aGpuContainer({ image: 'nvcr.io/nim/meta/llama-3.1-70b-instruct:1.8.0', env })]
    const decision = decide(deployment(template(undefined, { containers })), { caches: [cache] })
    return warningsOf(decision).filter(text => text.startsWith('HubCache'))
  }

  test('says that the mount lies over the folder where an image keeps its cache by default', () => {
    for (const path of ['/opt/nim/.cache', '/opt/nim'])
      expect(ofNim(path)).toEqual([
        expect.stringContaining('NIM_CACHE_PATH is /opt/nim/.cache by default, a read-only mount'),
      ])
    expect(ofNim('/mnt/model')).toEqual([])
    expect(ofNim('/opt/nim/.cache', [{ name: 'NIM_CACHE_PATH', value: '/scratch' }])).toEqual([])
  })

  test('says that containers without caches get nothing', () => {
    const [warning] = warningsOf(decide(deployment(template({ [CACHE_CONTAINERS]: 'engine' }))))
    expect(warning).toMatch(/^KeyIgnored: spec\.template: .* does nothing without/)
  })
})

describe('a warning that the engine serves something else', () => {
  const engine = (args: string[], more: Spec = {}) =>
    deployment(
      template(undefined, { containers: [aContainer({ name: 'vllm', image: IMAGE, args, ...more })] }),
    )

  test.each([
    ['for a name on a hub', ['meta-llama/x'], {}],
    ['for another path', ['--model=/models/x'], {}],
    ['for a path that only begins alike', ['/mnt/model-2'], {}],
  ])('is given %s', (_, args, more) => {
    const [warning] = warningsOf(decide(engine(args, more)))
    expect(warning).toMatch(/^ModelPathMismatch: container vllm serves .* mounted at \/mnt\/model/)
  })

  test.each([
    ['for the mount path', ['/mnt/model'], {}],
    ['for a folder of it', ['--model', '/mnt/model/fp8'], {}],
    [
      'where the hub cache is the mount',
      ['meta-llama/x'],
      { env: [{ name: 'HF_HUB_CACHE', value: '/mnt/model' }] },
    ],
    [
      'where the environment is not visible',
      ['meta-llama/x'],
      { envFrom: [{ configMapRef: { name: 'x' } }] },
    ],
    [
      'where the template mounts that path itself',
      ['/own/x'],
      { volumeMounts: [{ name: 'own', mountPath: '/own' }] },
    ],
    ['where no model is named', ['--port', '8000'], {}],
  ])('is not given %s', (_, args, more) => {
    const warnings = warningsOf(decide(engine(args, more)))
    expect(warnings.filter(text => text.startsWith('ModelPathMismatch'))).toEqual([])
  })

  test('is not given while one of the caches is unknown', () => {
    const [only, ...others] = warningsOf(decide(engine(['meta-llama/x']), { caches: [] }))
    expect(only).toMatch(/^CacheNotFound/)
    expect(others).toEqual([])
  })
})
