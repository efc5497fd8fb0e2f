import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { runCommand } from '../testbed/command.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { deploymentsOf, modelDeployment } from './support/model-deployment.ts'
import { classes, DIGEST, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { stepByStep } from './support/step-by-step.ts'
import { claimMounts } from './support/stored-pod.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const SELECTOR = 'modelplane.ai/modeldeployment=chat'

let cluster: Cluster
let on: ReturnType<typeof deploymentsOf>

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  on = deploymentsOf(cluster)
})

describe('a ModelDeployment', () => {
  stepByStep()

  test('warns that its cache is missing, and says so in its status', async () => {
    const { code, stderr } = await cluster.apply(modelDeployment('chat', { replicas: 2 }))
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^Warning: CacheNotFound: /)
    expect(await on.inCondition('chat', 'CachesReady', 'False', 'CacheNotFound')).toContain(
      'no ModelCache llama',
    )
    await on.inCondition('chat', 'Available', 'False', 'CacheNotFound')
  })

  test('is a Deployment, a Service and a PodDisruptionBudget that belong to it', async () => {
    for (const kind of ['deployment', 'service', 'poddisruptionbudget'])
      expect(await on.path(`${kind}/chat`, '.metadata.ownerReferences[0].kind')).toBe('ModelDeployment')
    expect(await on.path('deployment/chat', '.spec.replicas')).toBe('2')
    expect(await on.path('service/chat', '.spec.ports[0].port')).toBe('8000')
  })

  test('has pods that wait at their gate, and get the mount when the cache is Ready', async () => {
    await cluster.need(pausedCache('llama', soundSpec()))
    const gated = await eventually('two pods', async () => {
      const found = await on.podsOf('chat')
      return found.length === 2 ? found : undefined
    })
    for (const { spec } of gated) expect(spec.schedulingGates).toHaveLength(1)
    await cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
    await on.inCondition('chat', 'CachesReady', 'True', 'Ready')
    const free = await eventually('pods without a gate', async () => {
      const found = await on.podsOf('chat')
      return found.every(({ spec }) => spec.schedulingGates === undefined) ? found : undefined
    })
    for (const pod of free)
      expect(claimMounts(pod)).toEqual([
        expect.stringMatching(/^engine modelcache--llama\/.* at \/mnt\/model$/),
      ])
    const annotations = free.map(({ metadata }) => metadata.annotations?.['modelplane.ai/injected'])
    expect(annotations).toEqual([`llama=${DIGEST}`, `llama=${DIGEST}`])
    expect(snapshotPath(DIGEST)).toContain('snapshots/')
  })

  test('is Available when its pods serve', async () => {
    for (const { metadata } of await on.podsOf('chat')) await on.serve(metadata.name)
    const waited = await cluster.kubectl([
      'wait',
      '--for=condition=Available',
      'modeldeployment/chat',
      '--timeout=60s',
    ])
    expect(waited.code, waited.stderr).toBe(0)
    await on.inCondition('chat', 'Progressing', 'False', 'Complete')
    const { stdout } = await cluster.kubectl(['get', 'mdeploy'])
    expect(stdout).toMatch(/^NAME +STRATEGY +REPLICAS +READY +CACHES +CLUSTERS +AGE$/m)
    expect(stdout).toMatch(/^chat +Tensor +2 +2\/2 +1\/1 /m)
    expect((await cluster.kubectl(['describe', 'modeldeployment/chat'])).stdout).toMatch(/Normal +AllServe/)
  })

  test('is explained from the deployment to its pods', async () => {
    const env = { ...process.env, KUBECONFIG: inject('cluster').kubeconfig, NO_COLOR: '1' }
    const args = [MAIN, 'why', 'mdeploy/chat', '-n', cluster.namespace]
    const { code, stdout } = await runCommand(process.execPath, args, { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ModelDeployment \S+\/chat: 2 pods, 2 ready, 2 wanted$/m)
    expect(stdout).toMatch(/^ {2}asks for llama \(spec\.caches\)$/m)
    expect(stdout).toContain('nothing is wrong')
  })

  test('is scaled as a Deployment is', async () => {
    const { code, stderr } = await cluster.kubectl(['scale', 'modeldeployment/chat', '--replicas=3'])
    expect(code, stderr).toBe(0)
    await eventually('three pods', async () => ((await on.podsOf('chat')).length === 3 ? true : undefined))
    await on.inCondition('chat', 'Available', 'False', 'Starting')
    expect(await on.path('modeldeployment/chat', '.status.selector')).toBe(SELECTOR)
  })

  test('puts back what is its own, and leaves alone what is not', async () => {
    const change = {
      metadata: { labels: { team: 'a' } },
      spec: { template: { spec: { containers: [{ name: 'engine', image: 'other:1' }] } } },
    }
    const { code, stderr } = await cluster.kubectl(['patch', 'deployment/chat', '-p', JSON.stringify(change)])
    expect(code, stderr).toBe(0)
    await eventually('the image of the engine', async () => {
      const image = await on.path('deployment/chat', '.spec.template.spec.containers[0].image')
      return image === 'vllm/vllm-openai:v0.11.0' || undefined
    })
    expect(await on.path('deployment/chat', '.metadata.labels.team')).toBe('a')
  })

  test('makes again what was deleted', async () => {
    const before = await on.path('service/chat', '.metadata.uid')
    await cluster.kubectl(['delete', 'service/chat'])
    await eventually('another Service', async () => {
      const uid = await on.path('service/chat', '.metadata.uid')
      return (uid !== '' && uid !== before) || undefined
    })
  })

  test('takes everything along when it is deleted', async () => {
    await cluster.kubectl(['delete', 'modeldeployment/chat'])
    await eventually('nothing', async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        'deployment,service,poddisruptionbudget,pods',
        '-l',
        SELECTOR,
        '-o',
        'name',
      ])
      return stdout === '' || undefined
    })
  })
})

test('the repository of a cache becomes its path as soon as the cache is there, and clients keep the name', async () => {
  const repo = 'Qwen/Qwen3-8B'
  const engine = { image: 'vllm/vllm-openai:v0.11.0', args: [`--model=${repo}`] }
  const argsOf = () => on.path('deployment/named', '.spec.template.spec.containers[0].args')
  await cluster.need(modelDeployment('named', { engine, caches: [{ name: 'qwen' }] }))
  await eventually('its Deployment', async () =>
    (await argsOf()) === `["--model=${repo}"]` ? true : undefined,
  )
  const source = { huggingFace: { repo, revision: '5206a32e'.repeat(5) } }
  await cluster.need(pausedCache('qwen', soundSpec({ artifact: { source } })))
  await eventually('the path of the cache', async () => {
    const args = await argsOf()
    return args === `["--model=/mnt/model","--served-model-name=${repo}"]` || undefined
  })
})

test('an object of the same name that somebody else made is never taken', async () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'taken' },
    spec: { ports: [{ port: 1 }], selector: { app: 'mine' } },
  }
  await cluster.need(service, modelDeployment('taken', { caches: [] }))
  const message = await on.inCondition('taken', 'Available', 'False', 'NameTaken')
  expect(message).toContain('there is a Service taken that belongs to somebody else')
  expect(await on.path('service/taken', '.spec.selector.app')).toBe('mine')
  await cluster.kubectl(['delete', 'service/taken'])
  await on.inCondition('taken', 'Available', 'False', 'Starting')
})

test('what the API server says about its pods comes up in it', async () => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none' },
    spec: { hard: { 'count/pods': '0' } },
  }
  const own = await newNamespace()
  await own.need(quota)
  await eventually('the quota', async () => {
    const { stdout } = await own.kubectl(['get', 'resourcequota/none', '-o', 'jsonpath={.status.hard}'])
    return stdout.includes('count/pods') || undefined
  })
  await own.need(modelDeployment('short', { caches: [] }))
  await eventually('the words of the quota', async () => {
    const { stdout } = await own.kubectl([
      'get',
      'modeldeployment/short',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Available")].message}',
    ])
    return stdout.includes('exceeded quota: none') || undefined
  })
})

describe('denied at apply:', () => {
  test.each<[string, object, string]>([
    [
      'a gang of no size',
      { workers: { topology: { strategy: 'TensorPipeline' } } },
      'DeploymentInvalid: strategy TensorPipeline needs pipeline',
    ],
    [
      'a gang without a cache',
      { workers: { topology: { strategy: 'TensorPipeline', pipeline: 2 } }, caches: [] },
      'DeploymentInvalid: strategy TensorPipeline needs a cache',
    ],
    [
      'a gang of nobody knows what',
      {
        workers: { topology: { strategy: 'TensorPipeline', pipeline: 2 } },
        engine: { image: 'vllm/vllm-openai:latest' },
      },
      'set spec.engine.bootstrap to VLLM for 0.11.1 or later, or to VLLMRay',
    ],
    [
      'a pipeline without it',
      { workers: { topology: { pipeline: 2 } } },
      'DeploymentInvalid: pipeline belongs to',
    ],
    ['no quantity', { workers: { resources: { memory: 'lots' } } }, 'DeploymentInvalid: must be a quantity'],
    ['a negative quantity', { engine: { image: 'a', shmSize: -1 } }, 'DeploymentInvalid: must be a quantity'],
    [
      'a wrong name of a variable',
      { engine: { image: 'a', env: [{ name: 'A=B', value: 'c' }] } },
      'DeploymentInvalid: names of variables',
    ],
    [
      'a wrong name of a resource',
      { workers: { accelerator: 'gpu' } },
      'DeploymentInvalid: must be the name of a resource',
    ],
    ['one cache twice', { caches: [{ name: 'a' }, { name: 'a' }] }, 'Duplicate value'],
    ['fewer than none', { replicas: -1 }, 'greater than or equal to 0'],
    [
      'a template that is none',
      { workers: { template: { spec: { containers: 'one' } } } },
      'DeploymentInvalid: spec.workers.template',
    ],
  ])('%s', async (_, spec, words) => {
    const { code, stderr } = await cluster.apply(modelDeployment('denied', spec))
    expect(code).toBe(1)
    expect(stderr).toContain(words)
  })
})

test('more accelerators than a node of the cluster has draw a warning', async () => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'e2e-two-npus' },
    status: { allocatable: { 'example.com/npu': '2', 'nvidia.com/gpu': '1000' } },
  }
  const npus = (tensor: number) =>
    modelDeployment('npus', { caches: [], workers: { accelerator: 'example.com/npu', topology: { tensor } } })
  const warned = async (tensor: number) =>
    (await cluster.apply(npus(tensor), '--dry-run=server')).stderr.includes(
      'Warning: AcceleratorsExceedNode: ',
    )
  try {
    await cluster.need(node)
    await eventually('a warning', async () => (await warned(3)) || undefined)
    expect(await warned(2)).toBe(false)
  } finally {
    await cluster.kubectl(['delete', 'node/e2e-two-npus'])
  }
})

test('an autoscaler scales it', async () => {
  await cluster.need(modelDeployment('scaled', { caches: [] }), {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'scaled' },
    spec: {
      scaleTargetRef: { apiVersion: 'modelplane.ai/v1alpha1', kind: 'ModelDeployment', name: 'scaled' },
      minReplicas: 3,
      maxReplicas: 4,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    },
  })
  await eventually('three instances', async () => {
    const replicas = await on.path('deployment/scaled', '.spec.replicas')
    return replicas === '3' || undefined
  })
})

test('a name that no Service may have is denied', async () => {
  const { code, stderr } = await cluster.apply(modelDeployment('llama-3.1'))
  expect(code).toBe(1)
  expect(stderr).toContain('DeploymentInvalid: "llama-3.1" cannot be the name of its Service')
})

test('pods with something of their node are not made, and status says why', async () => {
  const template = { spec: { hostNetwork: true } }
  await cluster.need(modelDeployment('host', { caches: [], workers: { template } }))
  expect(await on.inCondition('host', 'Available', 'False', 'Rejected')).toContain(
    'ControllerLimited: pods of a ModelDeployment',
  )
})

test('its author must be allowed to create Deployments', async () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'limited' } }
  const rules = [{ apiGroups: ['modelplane.ai'], resources: ['modeldeployments'], verbs: ['*'] }]
  await cluster.need(
    { ...role, rules },
    {
      ...role,
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'limited' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'limited' }],
    },
  )
  const { code, stderr } = await cluster.apply(modelDeployment('not-mine', { caches: [] }), '--as=limited')
  expect(code).toBe(1)
  expect(stderr).toContain('DeploymentForbidden: whoever applies a ModelDeployment')
})

test('the token of the controller makes nothing that belongs to no ModelDeployment', async () => {
  const spec = {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  }
  const free = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'free' }, spec }
  const as = '--as=system:serviceaccount:modelcache-system:modelcache-controller'
  const { code, stderr } = await cluster.kubectl(['create', '-f', '-', as], JSON.stringify(free))
  expect(code).toBe(1)
  expect(stderr).toContain('ControllerLimited: a ModelDeployment of the same name must be the only owner')
})

test('kubectl explain knows every field', async () => {
  const { stdout } = await cluster.kubectl(['explain', 'modeldeployment.spec', '--recursive'])
  for (const field of ['replicas', 'topology', 'accelerator', 'shmSize', 'imagePullSecrets', 'caches'])
    expect(stdout).toContain(field)
})
