import { describe, expect, test } from 'vitest'
import { aModelDeployment } from '../../api/fixtures.ts'
import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { chooseBootstrap } from './choose.ts'
import { gangStart } from './gang-start.ts'

type Engine = ModelDeployment['spec']['engine']

function gang(engine: Partial<Engine>, topology: object = {}) {
  const spec = {
    workers: { topology: { strategy: 'TensorPipeline', tensor: 8, pipeline: 2, ...topology } },
    engine: { image: 'vllm/vllm-openai:v0.11.1', args: ['--model=/mnt/model'], ...engine },
  } as const
  return aModelDeployment({ spec })
}
const choose = (engine: Partial<Engine>) => chooseBootstrap(gang(engine).spec.engine)

describe('an image shows how its gangs start:', () => {
  test.each([
    ['vllm/vllm-openai:v0.11.0', 'VLLMRay'],
    ['vllm/vllm-openai:v0.9.2', 'VLLMRay'],
    ['vllm/vllm-openai:v0.11.1', 'VLLM'],
    ['docker.io/vllm/vllm-openai:v0.18.1-cu130', 'VLLM'],
    ['mirror.example.com:5000/vllm-openai:0.12.0', 'VLLM'],
    ['vllm/vllm-openai:v1.0.0', 'VLLM'],
    ['lmsysorg/sglang:v0.5.5', 'SGLang'],
    ['example.com/llm/sglang:latest', 'SGLang'],
    ['example.com/our-engine:1', 'None'],
    ['nvcr.io/nim/meta/llama-3.1-405b-instruct:1.8', 'None'],
  ])('%s: %s', (image, bootstrap) => {
    expect(choose({ image })).toEqual({ bootstrap })
  })

  test.each([
    'vllm/vllm-openai:latest',
    'vllm/vllm-openai:nightly-0.11.1',
    'vllm/vllm-openai@sha256:00',
    'vllm/vllm-openai',
    'rocm/vllm:rocm6.4.1_vllm_0.9.1',
    'registry.redhat.io/rhaiis/vllm-cuda-rhel9:3.2.1',
  ])('%s shows no version of vLLM, so the author must', image => {
    expect(choose({ image })).toEqual({
      problem: expect.stringContaining('set spec.engine.bootstrap to VLLM'),
    })
    expect(choose({ image, bootstrap: 'VLLMRay' })).toEqual({ bootstrap: 'VLLMRay' })
  })
})

describe('a command shows it, too:', () => {
  test.each<[string, Partial<Engine>, object]>([
    [
      'sglang',
      { image: 'ours:1', command: ['python3', '-m', 'sglang.launch_server'] },
      { bootstrap: 'SGLang' },
    ],
    ['vllm', { image: 'ours:1', command: ['vllm', 'serve'] }, { problem: expect.any(String) }],
    ['a script stands as it is', { command: ['bash', '-c', 'vllm serve x'] }, { bootstrap: 'None' }],
    [
      'a script has no place for flags',
      { command: ['bash', '-c', 'vllm serve x'], bootstrap: 'VLLM' },
      { problem: expect.stringContaining('script of a shell') },
    ],
    [
      'a module that knows no headless workers',
      { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'] },
      { problem: expect.stringContaining('vllm serve') },
    ],
  ])('%s', (_, engine, expected) => {
    expect(choose(engine)).toEqual(expected)
  })
})

test('vLLM: workers are headless, and the leader is told its own address', () => {
  const { leader, worker } = gangStart(gang({}))
  const both = [
    '--model=/mnt/model',
    '--tensor-parallel-size=8',
    '--pipeline-parallel-size=2',
    '--nnodes=$(LWS_GROUP_SIZE)',
    '--node-rank=$(LWS_WORKER_INDEX)',
  ]
  expect(leader.words).toEqual({ args: [...both, '--master-addr=$(MODELCACHE_POD_IP)'] })
  expect(leader.env).toEqual([
    { name: 'MODELCACHE_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ])
  expect(worker.words).toEqual({ args: [...both, '--master-addr=$(LWS_LEADER_ADDRESS)', '--headless'] })
})

test('vLLM over Ray: the leader runs the words of the author, and workers join it', () => {
  const { leader, worker } = gangStart(gang({ image: 'vllm/vllm-openai:v0.11.0' }))
  const [bash, , lead, ...server] = leader.words.command ?? []
  expect(bash).toBe('/bin/bash')
  expect(lead).toContain('ray start --head --port=6379')
  expect(lead).toMatch(/exec "\$@"$/)
  expect(server).toEqual(['start', 'python3', '-m', 'vllm.entrypoints.openai.api_server'])
  expect(leader.words.args).toEqual([
    '--model=/mnt/model',
    '--tensor-parallel-size=8',
    '--pipeline-parallel-size=2',
    '--distributed-executor-backend=ray',
  ])
  expect(worker.words.command?.[2]).toContain('exec ray start --address="$LWS_LEADER_ADDRESS:6379" --block')
  expect(worker.words.args).toBeUndefined()
})

test.each<[Partial<Engine>, string[]]>([
  [{ command: ['vllm', 'serve', '/mnt/model'] }, ['vllm', 'serve', '/mnt/model']],
  [{ args: ['/mnt/model'] }, ['vllm', 'serve']],
])('vLLM over Ray runs %j', (engine, expected) => {
  const { leader } = gangStart(gang({ bootstrap: 'VLLMRay', ...engine }))
  expect(leader.words.command?.slice(4)).toEqual(expected)
})

test('SGLang: all pods are told the same', () => {
  const { leader, worker } = gangStart(gang({ image: 'lmsysorg/sglang:v0.5.5', args: ['--tp-size=16'] }))
  expect(leader.words).toEqual({
    args: [
      '--tp-size=16',
      '--pipeline-parallel-size=1',
      '--nnodes=$(LWS_GROUP_SIZE)',
      '--node-rank=$(LWS_WORKER_INDEX)',
      '--dist-init-addr=$(LWS_LEADER_ADDRESS):20000',
    ],
  })
  expect(worker).toEqual(leader)
})

test('another engine starts in each pod as its author wrote it', () => {
  const words = { command: ['serve'], args: ['--gang=$(LWS_LEADER_ADDRESS)'] }
  expect(gangStart(gang({ image: 'ours:1', ...words }))).toEqual({
    leader: { words },
    worker: { words },
  })
})

describe('what the author says about accelerators stands:', () => {
  test.each<[string[], object, string[]]>([
    [[], {}, ['--tensor-parallel-size=8', '--pipeline-parallel-size=2']],
    [['--tensor-parallel-size=8'], {}, ['--pipeline-parallel-size=2']],
    [['-tp', '16'], {}, ['--pipeline-parallel-size=1']],
    [['--pipeline_parallel_size=4'], {}, ['--tensor-parallel-size=4']],
    [['--tensor-parallel-size=8', '--pipeline-parallel-size=2'], {}, []],
    [['--tensor-parallel-size=5'], {}, []],
    [['--tensor-parallel-size=0'], {}, []],
    [['--data-parallel-size=2'], {}, []],
    [[], { tensor: 0 }, ['--tensor-parallel-size=1', '--pipeline-parallel-size=2']],
  ])('%j with %j gets %j', (args, topology, added) => {
    const words = gangStart(gang({ args }, topology)).leader.words.args ?? []
    expect(words.slice(args.length, words.indexOf('--nnodes=$(LWS_GROUP_SIZE)'))).toEqual(added)
  })

  test('flags of the bootstrap are never set twice', () => {
    const words = gangStart(gang({ args: ['--nnodes', '4', '--headless', '--node_rank=1'] })).worker.words
      .args
    expect(words?.filter(word => /nnodes|headless|rank/.test(word))).toEqual([
      '--nnodes',
      '--headless',
      '--node_rank=1',
    ])
  })
})
