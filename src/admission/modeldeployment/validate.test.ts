import { describe, expect, test } from 'vitest'
import { aModelDeployment, anInferenceCluster, aReadyCache } from '../../api/fixtures.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Decision } from '../decision.ts'
import { aPolicy, aRequest, aView } from '../fixtures.ts'
import { validateModelDeployment } from './validate.ts'

type Spec = NonNullable<NonNullable<Parameters<typeof aModelDeployment>[0]>['spec']>
const validate = (request: AdmissionRequest, view: ClusterView) =>
  validateModelDeployment(request, view, aPolicy())
const resource = { group: 'modelplane.ai', version: 'v1alpha1', resource: 'modeldeployments' }

function decide(
  spec: Spec,
  caches: ModelCache[] = [aReadyCache()],
  request: object = {},
  inferenceClusters: InferenceCluster[] = [],
) {
  const object = aModelDeployment({ spec })
  return validate(aRequest({ resource, object, ...request }), aView({ caches, inferenceClusters }))
}
/** Findings of either kind. */
const findingsOf = (decision: Decision) => (decision.allowed ? decision.warnings : decision.findings)
const reasonsOf = (decision: Decision) => findingsOf(decision).map(({ violation }) => violation.reason)
const textOf = (decision: Decision) => findingsOf(decision)[0]?.violation.text

const IMAGE = 'vllm/vllm-openai:v0.11.0'
const told = (...args: string[]) => ({ engine: { image: IMAGE, args: ['--model=/mnt/model', ...args] } })

test('a sound deployment of a Ready cache draws nothing', () => {
  expect(findingsOf(decide({}))).toEqual([])
})

test('the repository of a cache may stand for its path', () => {
  const engine = { image: IMAGE, args: ['--model=meta-llama/Llama-3.3-70B-Instruct'] }
  expect(findingsOf(decide({ engine }))).toEqual([])
})

describe('it is denied', () => {
  test.each<[string, Spec, string, string]>([
    [
      'a gang of no size',
      { workers: { topology: { strategy: 'TensorPipeline' } } },
      'DeploymentInvalid',
      'spec.workers.topology.pipeline',
    ],
    [
      'a gang without a cache',
      { workers: { topology: { strategy: 'TensorPipeline', pipeline: 2 } }, caches: [] },
      'DeploymentInvalid',
      'spec.caches',
    ],
    [
      'a gang of an engine whose version nobody knows',
      {
        workers: { topology: { strategy: 'TensorPipeline', pipeline: 2 } },
        engine: { image: 'vllm/vllm-openai:latest' },
      },
      'DeploymentInvalid',
      'spec.engine.bootstrap',
    ],
    [
      'a pipeline of nothing',
      { workers: { topology: { pipeline: 2 } } },
      'DeploymentInvalid',
      'spec.workers.topology.pipeline',
    ],
    [
      'no quantity',
      { workers: { resources: { memory: 'lots' } } },
      'DeploymentInvalid',
      'spec.workers.resources.memory',
    ],
    [
      'a placement of more or fewer instances',
      { replicas: 3, placement: [{ cluster: 'east', replicas: 2 }] },
      'DeploymentInvalid',
      'spec.placement',
    ],
    [
      'a selector in CEL',
      { clusterSelector: { cel: 'true' } },
      'DeploymentInvalid',
      'spec.clusterSelector.cel',
    ],
    [
      'an endless selector',
      {
        clusterSelector: {
          matchExpressions: [{ key: 'a', operator: 'In', values: Array(200).fill('a-label-of-a-cluster') }],
        },
      },
      'SelectorTooLong',
      'spec.clusterSelector',
    ],
    [
      'a negative quantity',
      { workers: { resources: { cpu: '-1' } } },
      'DeploymentInvalid',
      'spec.workers.resources.cpu',
    ],
    [
      'no name of a variable',
      { engine: { image: IMAGE, env: [{ name: 'A=B' }] } },
      'DeploymentInvalid',
      'spec.engine.env',
    ],
    [
      'no name of a resource',
      { workers: { accelerator: 'gpu' } },
      'DeploymentInvalid',
      'spec.workers.accelerator',
    ],
    [
      'no template',
      { workers: { template: { spec: { containers: 'one' } } } },
      'DeploymentInvalid',
      'spec.workers.template',
    ],
  ])('%s', (_, spec, reason, field) => {
    const decision = decide(spec)
    expect(decision.allowed).toBe(false)
    const [finding] = findingsOf(decision)
    expect(finding?.violation).toMatchObject({ reason, field })
  })

  test('caches that mount to one path', () => {
    const caches = [aReadyCache(), aReadyCache({ name: 'other' })]
    const decision = decide({ caches: [{ name: 'llama' }, { name: 'other' }] }, caches)
    expect(decision.allowed).toBe(false)
    expect(reasonsOf(decision)).toEqual(['MountPathConflict'])
  })
})

describe('it warns of', () => {
  test('a cache that does not exist', () => {
    expect(reasonsOf(decide({}, []))).toEqual(['CacheNotFound'])
  })

  test.each([
    [['--tensor-parallel-size=8'], 1],
    [['--tensor_parallel_size', '8'], 1],
    [['-tp', '2'], 8],
    [['--tensor-parallel-size=2', '--pipeline-parallel-size=2'], 2],
  ])('%j with %d accelerators', (args, tensor) => {
    const decision = decide({ ...told(...args), workers: { topology: { tensor } } })
    expect(reasonsOf(decision)).toEqual(['TopologyMismatch'])
    expect(textOf(decision)).toContain(`tensor gives ${tensor}`)
  })

  test.each([
    [['--tensor-parallel-size=8'], 8],
    [['--tp', '2', '--pp-size=2'], 4],
    [['--tensor-parallel-size'], 1],
    [['--tensor-parallel-size=$(TP)'], 8],
  ])('nothing: %j with %d accelerators', (args, tensor) => {
    expect(findingsOf(decide({ ...told(...args), workers: { topology: { tensor } } }))).toEqual([])
  })

  test('a key that nobody knows on its template, or a key of pods on itself', () => {
    const template = { metadata: { annotations: { 'modelplane.ai/cache': 'llama' } } }
    expect(reasonsOf(decide({ workers: { template } }))).toEqual(['KeyIgnored'])
    const object = {
      ...aModelDeployment(),
      metadata: { name: 'a', annotations: { 'modelplane.ai/caches': 'llama' } },
    }
    const decision = validate(aRequest({ resource, object }), aView({ caches: [aReadyCache()] }))
    expect(reasonsOf(decision)).toEqual(['AnnotationNotOnTemplate'])
  })

  test.each([
    [{ 'nvidia.com/gpu': 4 }, 'no node of this cluster has more than 4 of nvidia.com/gpu'],
    [{ 'amd.com/gpu': 8 }, 'no node of this cluster has nvidia.com/gpu'],
  ])('more accelerators than any node has: %j', (allocatable, words) => {
    const nodes = [{ metadata: { name: 'a' }, status: { allocatable } }, { metadata: { name: 'b' } }]
    const object = aModelDeployment({ spec: { workers: { topology: { tensor: 8 } } } })
    const view = aView({ caches: [aReadyCache()], nodes })
    const decision = validate(aRequest({ resource, object }), view)
    expect(reasonsOf(decision)).toEqual(['AcceleratorsExceedNode'])
    expect(textOf(decision)).toContain(words)
  })

  test('a path that no cache has', () => {
    const decision = decide({ engine: { image: IMAGE, args: ['--model=/mnt/other'] } })
    expect(reasonsOf(decision)).toEqual(['ModelPathMismatch'])
  })
})

describe('with several clusters', () => {
  const registered = (name: string, region: string): InferenceCluster => {
    const { metadata, ...rest } = anInferenceCluster(name)
    return { ...rest, metadata: { ...metadata, labels: { region } } }
  }
  const existing = { cluster: { source: 'Existing' as const, existing: { secretRef: { name: 'east' } } } }
  const clusters = [registered('hub', 'eu'), { ...registered('east', 'us'), spec: existing }]
  const selecting = (region: string) => ({ clusterSelector: { matchLabels: { region } } })

  test('it is no matter what is in this one if others serve', () => {
    expect(reasonsOf(decide(selecting('us'), [], {}, clusters))).toEqual([])
    const placement = [{ cluster: 'east', replicas: 1 }]
    expect(reasonsOf(decide({ placement }, [], {}, clusters))).toEqual([])
  })

  test('it counts if this one serves, too', () => {
    expect(reasonsOf(decide(selecting('eu'), [], {}, clusters))).toEqual(['CacheNotFound'])
    expect(reasonsOf(decide({ clusterSelector: {} }, [], {}, clusters))).toEqual(['CacheNotFound'])
  })

  test('a selector of none is told', () => {
    const found = findingsOf(decide(selecting('asia'), [], {}, clusters))
    expect(found.map(({ violation }) => violation.text)).toEqual([
      'no cluster serves, because spec.clusterSelector selects no InferenceCluster; see: kubectl get inferenceclusters --show-labels',
    ])
  })
})

test('scaling draws nothing, whatever its caches', () => {
  const oldObject = aModelDeployment()
  expect(findingsOf(decide({ replicas: 5 }, [], { operation: 'UPDATE', oldObject }))).toEqual([])
})

test('what is going is left alone, and so is a status', () => {
  const object = aModelDeployment({
    metadata: { deletionTimestamp: '2031-05-04T03:02:01Z' },
    spec: { workers: { accelerator: 'gpu' } },
  })
  expect(validate(aRequest({ resource, object }), aView()).allowed).toBe(true)
  expect(validate(aRequest({ resource, subResource: 'status', object: {} }), aView()).allowed).toBe(true)
  expect(validate(aRequest({ resource, operation: 'DELETE', object: undefined }), aView()).allowed).toBe(true)
  expect(reasonsOf(validate(aRequest({ resource, object: {} }), aView()))).toEqual(['SpecInvalid'])
})
