import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { deploymentsOf, modelDeployment } from '../e2e/support/model-deployment.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { runCommand } from '../testbed/command.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { killContainer, NO_NODE, newNamespace, sandbox } from './support/cluster.ts'
import { addEngineImage, type NameServer, serveNames } from './support/engines.ts'
import { untilReady } from './support/read-by-gang.ts'

const VLLM = 'modelcache.test/vllm-openai:v0.18.1'
const VLLM_WITH_RAY = 'modelcache.test/vllm-openai:v0.11.0'
const SGLANG = 'modelcache.test/lmsysorg/sglang:v0.5.5'

const told = z.looseObject({
  words: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  writes: z.record(z.string(), z.string()).optional(),
})

/** What an engine wrote down, as one object. */
function read(log: string) {
  const lines = log.split('\n').filter(line => line.startsWith('{'))
  return told.parse(Object.assign({}, ...lines.map(line => JSON.parse(line))))
}

describe.skipIf(NO_NODE)('a gang of a ModelDeployment', () => {
  let cluster: Cluster
  let on: ReturnType<typeof deploymentsOf>
  let names: NameServer

  beforeAll(async () => {
    cluster = await newNamespace()
    on = deploymentsOf(cluster)
    names = await serveNames()
    await addEngineImage(VLLM, ['vllm', 'serve'])
    await addEngineImage(VLLM_WITH_RAY, ['python3', '-m', 'vllm.entrypoints.openai.api_server'])
    await addEngineImage(SGLANG, [])
    await cluster.need(
      modelCache('llama', {
        artifact: { kind: 'Weights', source: { inline: { files: { 'config.json': '{}\n' } } } },
        mount: { path: '/mnt/model', scratch: ['locks', 'a/b'] },
        storage: { pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
      }),
    )
    await untilReady(cluster, 'llama')
  }, 300_000)
  afterAll(() => names?.[Symbol.asyncDispose]())

  const deployment = (name: string, engine: object) =>
    modelDeployment(name, {
      engine,
      workers: {
        topology: { strategy: 'TensorPipeline', tensor: 0, pipeline: 2 },
        template: {
          spec: {
            terminationGracePeriodSeconds: 1,
            // The node of the tests has no DNS.
            dnsPolicy: 'None',
            dnsConfig: { nameservers: [names.address], options: [{ name: 'ndots', value: '1' }] },
          },
        },
      },
    })

  /** Does for a pod what a DNS does: its name is known if its subdomain is a headless Service. */
  async function publish(pod: string): Promise<void> {
    const [ip, subdomain] = [
      await on.path(`pod/${pod}`, '.status.podIP'),
      await on.path(`pod/${pod}`, '.spec.subdomain'),
    ]
    if (ip === '' || (await on.path(`service/${subdomain}`, '.spec.clusterIP')) !== 'None') return
    await names.add(`${pod}.${subdomain}.${cluster.namespace}`, ip)
  }

  /** Lets the pods of a gang find their leader, and waits until the gang serves. */
  async function available(name: string): Promise<void> {
    await eventually(`${name} to serve`, async () => {
      await publish(`${name}-0`)
      const conditions = await on.path(
        `modeldeployment/${name}`,
        '.status.conditions[?(@.type=="Available")].status',
      )
      return conditions === 'True' || undefined
    })
  }

  const logOf = async (pod: string) => (await cluster.kubectl(['logs', pod])).stdout

  /** A file of the model, by the Service of the deployment. */
  async function fileBy(name: string): Promise<string> {
    const address = await on.path(`service/${name}`, '.spec.clusterIP')
    const [command = '', ...args] = [...sandbox().enter, 'curl', '-sS', `http://${address}:8000/config.json`]
    return (await runCommand(command, args)).stdout
  }

  test.each<[string, string, object, string, string]>([
    [
      'vllm',
      'vLLM with its own launcher',
      { image: VLLM, args: ['--model=/mnt/model'] },
      '--model=/mnt/model --tensor-parallel-size=1 --pipeline-parallel-size=2 --nnodes=2 --node-rank=0 --master-addr=IP',
      '--model=/mnt/model --tensor-parallel-size=1 --pipeline-parallel-size=2 --nnodes=2 --node-rank=1 --master-addr=LEADER --headless',
    ],
    [
      'ray',
      'vLLM over Ray',
      { image: VLLM_WITH_RAY, args: ['--model=/mnt/model'] },
      '--model=/mnt/model --tensor-parallel-size=1 --pipeline-parallel-size=2 --distributed-executor-backend=ray',
      'start --address=LEADER:6379 --block',
    ],
    [
      'sglang',
      'SGLang',
      {
        image: SGLANG,
        command: ['python3', '-m', 'sglang.launch_server'],
        args: ['--model-path=/mnt/model'],
      },
      '--model-path=/mnt/model --tensor-parallel-size=1 --pipeline-parallel-size=2 --nnodes=2 --node-rank=0 --dist-init-addr=LEADER:20000',
      '--model-path=/mnt/model --tensor-parallel-size=1 --pipeline-parallel-size=2 --nnodes=2 --node-rank=1 --dist-init-addr=LEADER:20000',
    ],
  ])('%s: %s starts, joins and serves', async (name, _, engine, leaderWords, workerWords) => {
    await cluster.need(deployment(name, engine))
    await available(name)
    const leader = `${name}-0.${name}-0.${cluster.namespace}`
    const ip = await on.path(`pod/${name}-0`, '.status.podIP')
    const filled = (words: string) => words.replace('LEADER', leader).replace('IP', ip)
    for (const [pod, words, index] of [
      [`${name}-0`, leaderWords, '0'],
      [`${name}-0-1`, workerWords, '1'],
    ] as const) {
      const { words: got, environment, writes } = read(await logOf(pod))
      expect(got?.join(' ')).toContain(filled(words))
      expect(environment).toMatchObject({
        LWS_LEADER_ADDRESS: leader,
        LWS_GROUP_SIZE: '2',
        LWS_WORKER_INDEX: index,
      })
      expect(writes).toEqual({ '': 'EROFS', 'locks/': 'written' })
    }
    expect(await fileBy(name)).toBe('{}\n')
  })

  test('restarts as a whole if a pod of it dies, and serves again', async () => {
    const before = await on.path('pod/vllm-0-1', '.metadata.uid')
    await killContainer(cluster, 'vllm-0')
    await eventually('another worker', async () => {
      const uid = await on.path('pod/vllm-0-1', '.metadata.uid')
      return (uid !== '' && uid !== before) || undefined
    })
    await available('vllm')
    expect(await fileBy('vllm')).toBe('{}\n')
  })

  test('a single pod serves a file of its cache, too', async () => {
    await cluster.need(
      modelDeployment('single', {
        engine: {
          image: VLLM,
          command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
          args: ['--model=/mnt/model', '--distributed-executor-backend=ray'],
        },
        workers: { topology: { tensor: 0 }, template: { spec: { terminationGracePeriodSeconds: 1 } } },
      }),
    )
    await on.inCondition('single', 'Available', 'True', 'AllServe')
    expect(await fileBy('single')).toBe('{}\n')
  })

  test('leaves nothing when it is deleted', async () => {
    await cluster.kubectl(['delete', 'modeldeployment', '--all', '--wait=false'])
    await eventually('nothing', async () => {
      const { stdout } = await cluster.kubectl(['get', 'lws,sts,deployments,services,pdb,pods', '-o', 'name'])
      return stdout === '' || undefined
    })
  })
})
