import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { deploymentsOf, modelDeployment } from './support/model-deployment.ts'
import { classes, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { stepByStep } from './support/step-by-step.ts'
import { claimMounts } from './support/stored-pod.ts'

const engine = { image: 'vllm/vllm-openai:v0.11.1', args: ['--model=/mnt/model'] }
const workers = { topology: { strategy: 'TensorPipeline', tensor: 8, pipeline: 2 } }
const ALL = 'leaderworkerset,statefulset,deployment,service,poddisruptionbudget,pods'

let cluster: Cluster
let on: ReturnType<typeof deploymentsOf>

beforeAll(async () => {
  cluster = await newNamespace()
  on = deploymentsOf(cluster)
  await cluster.need(...classes, pausedCache('llama', soundSpec()))
})

/** The pods of a deployment, once there are so many. */
const pods = (name: string, count: number) =>
  eventually(`${count} pods of ${name}`, async () => {
    const found = await on.podsOf(name)
    return found.length === count ? found : undefined
  })

describe('a ModelDeployment of gangs', () => {
  stepByStep()

  test('is a LeaderWorkerSet whose leader waits for the cache, so that no worker holds a node', async () => {
    const { metadata, ...others } = modelDeployment('gang', { engine, workers })
    const annotations = { 'leaderworkerset.sigs.k8s.io/exclusive-topology': 'example.com/rack' }
    await cluster.need({ metadata: { ...metadata, annotations }, ...others })
    const found = await eventually('the leader', async () => {
      const [leader] = await on.podsOf('gang')
      return leader
    })
    expect(found.metadata.name).toBe('gang-0')
    expect(found.spec.schedulingGates).toHaveLength(1)
    expect(await on.path('lws/gang', '.metadata.ownerReferences[0].kind')).toBe('ModelDeployment')
    expect(await on.path('lws/gang', '.metadata.annotations')).toContain('example.com/rack')
    await on.inCondition('gang', 'Available', 'False', 'CacheNotReady')
  })
})

describe('beside a Ready cache, a ModelDeployment of gangs', () => {
  stepByStep()

  test('has all pods of a gang mount it, with the words of their engine', async () => {
    await cluster.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
    await cluster.need(modelDeployment('chat', { engine, workers }))
    for (const pod of await pods('chat', 2)) {
      expect(claimMounts(pod)).toEqual([
        expect.stringMatching(/^engine modelcache--llama\/.* at \/mnt\/model$/),
      ])
      const [container] = pod.spec.containers
      expect(container?.args?.slice(0, 5)).toEqual([
        '--model=/mnt/model',
        '--tensor-parallel-size=8',
        '--pipeline-parallel-size=2',
        '--nnodes=$(LWS_GROUP_SIZE)',
        '--node-rank=$(LWS_WORKER_INDEX)',
      ])
      const isLeader = pod.metadata.name === 'chat-0'
      expect(container?.args?.slice(5)).toEqual(
        isLeader
          ? ['--master-addr=$(MODELCACHE_POD_IP)']
          : ['--master-addr=$(LWS_LEADER_ADDRESS)', '--headless'],
      )
    }
    const { stdout } = await cluster.kubectl(['describe', 'modeldeployment/chat'])
    expect(stdout).toMatch(/Normal +Wired .* the leader runs with --tensor-parallel-size=8, /)
  })

  test('is Available when its gangs serve', async () => {
    await on.inCondition('chat', 'Available', 'False', 'Starting')
    for (const { metadata } of await on.podsOf('chat')) await on.serve(metadata.name)
    await on.inCondition('chat', 'Available', 'True', 'AllServe')
    await on.inCondition('chat', 'Progressing', 'False', 'Complete')
    expect(await on.path('modeldeployment/chat', '.status.workload.bootstrap')).toBe('VLLM')
    const { stdout } = await cluster.kubectl(['get', 'mdeploy/chat'])
    expect(stdout).toMatch(/^chat +TensorPipeline +1 +1\/1 +1\/1 /m)
  })

  test('is served by its leaders alone', async () => {
    expect(await on.path('service/chat', '.spec.clusterIP')).not.toBe('None')
    // By these names the pods of a gang find their leader.
    expect(await on.path('pod/chat-0-1', '.spec.subdomain')).toBe('chat-0')
    expect(await on.path('service/chat-0', '.spec.clusterIP')).toBe('None')
    const selector = await on.path('service/chat', '.spec.selector')
    expect(selector).toContain('"leaderworkerset.sigs.k8s.io/worker-index":"0"')
    const { stdout } = await cluster.kubectl([
      'get',
      'pods',
      '-l',
      await on.path('modeldeployment/chat', '.status.selector'),
      '-o',
      'name',
    ])
    expect(stdout).toBe('pod/chat-0\n')
  })

  test('is scaled by gangs', async () => {
    const { code, stderr } = await cluster.kubectl(['scale', 'modeldeployment/chat', '--replicas=2'])
    expect(code, stderr).toBe(0)
    const names = (await pods('chat', 4)).map(({ metadata }) => metadata.name).toSorted()
    expect(names).toEqual(['chat-0', 'chat-0-1', 'chat-1', 'chat-1-1'])
  })

  test('starts a gang again as a whole if its leader is gone', async () => {
    const before = await on.path('pod/chat-0-1', '.metadata.uid')
    await cluster.kubectl(['delete', 'pod/chat-0', '--wait=false', '--grace-period=0', '--force'])
    await eventually('another worker', async () => {
      const uid = await on.path('pod/chat-0-1', '.metadata.uid')
      return (uid !== '' && uid !== before) || undefined
    })
  })

  test('loses its gangs when its strategy changes', async () => {
    const tensor = { topology: { strategy: 'Tensor', tensor: 8 } }
    await cluster.need(modelDeployment('chat', { engine, workers: tensor }))
    await eventually('no LeaderWorkerSet', async () => {
      const { stdout } = await cluster.kubectl(['get', 'lws,sts', '-o', 'name'])
      return !stdout.includes('/chat') || undefined
    })
    await eventually(
      'a Deployment',
      async () => (await on.path('deployment/chat', '.metadata.uid')) || undefined,
    )
    expect(await on.path('service/chat', '.spec.selector')).not.toContain('worker-index')
  })

  test('takes everything along when it is deleted', async () => {
    await cluster.need(modelDeployment('chat', { engine, workers }))
    await eventually('gangs again', async () => (await on.path('lws/chat', '.metadata.uid')) || undefined)
    await cluster.kubectl(['delete', 'modeldeployment/chat'])
    await eventually('nothing', async () => {
      const { stdout } = await cluster.kubectl(['get', ALL, '-o', 'name'])
      return !stdout.includes('/chat') || undefined
    })
  })
})

test('an engine over Ray, with a selector of clusters, is two gangs here', async () => {
  await cluster.need(
    modelDeployment('llama-3-1-405b', {
      replicas: 2,
      clusterSelector: { matchLabels: { 'modelplane.ai/tier': 'prod' } },
      workers: {
        topology: { strategy: 'TensorPipeline', tensor: 8, pipeline: 2 },
        resources: { cpu: '32', memory: '256Gi' },
      },
      engine: {
        image: 'vllm/vllm-openai:v0.11.0',
        args: ['--model=/mnt/model', '--tensor-parallel-size=8'],
      },
    }),
  )
  const found = await pods('llama-3-1-405b', 4)
  for (const { metadata, spec } of found) {
    const isLeader = /^llama-3-1-405b-\d$/.test(metadata.name)
    const { command = [], args, resources } = spec.containers[0] ?? {}
    expect(command[2]).toContain(
      isLeader ? 'ray start --head' : 'ray start --address="$LWS_LEADER_ADDRESS:6379"',
    )
    expect(args).toEqual(
      isLeader
        ? [
            '--model=/mnt/model',
            '--tensor-parallel-size=8',
            '--pipeline-parallel-size=2',
            '--distributed-executor-backend=ray',
          ]
        : undefined,
    )
    expect(resources).toMatchObject({ limits: { 'nvidia.com/gpu': '8', cpu: '32', memory: '256Gi' } })
  }
})

test('what keeps the pods of a gang from being created comes up in it', async () => {
  const own = await newNamespace()
  await own.need(
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { 'count/pods': '0' } },
    },
    pausedCache('llama', soundSpec()),
  )
  await own.setStatus('modelcache/llama', readyStatus('modelcache--llama'))
  await eventually('the quota', async () => {
    const { stdout } = await own.kubectl(['get', 'resourcequota/none', '-o', 'jsonpath={.status.hard}'])
    return stdout.includes('count/pods') || undefined
  })
  await own.need(modelDeployment('short', { engine, workers }))
  const on = deploymentsOf(own)
  const message = await on.inCondition('short', 'Available', 'False', 'PodsNotReady')
  expect(message).toMatch(/its pods cannot be created: .*exceeded quota: none/)
})

test('the engine is warned about other numbers than the gang has', async () => {
  const args = ['--model=/mnt/model', '--tensor-parallel-size=5']
  const { stderr } = await cluster.apply(
    modelDeployment('odd', { engine: { ...engine, args }, workers }),
    '--dry-run=server',
  )
  expect(stderr).toContain(
    'TopologyMismatch: --tensor-parallel-size=5 needs 5 accelerators in the 2 pods of each gang, and spec.workers.topology gives 16',
  )
})
