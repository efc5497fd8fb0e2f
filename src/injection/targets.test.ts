import { describe, expect, test } from 'vitest'
import { aContainer, aGpuContainer, aPod } from '../api/fixtures.ts'
import type { Container, Pod } from '../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS } from '../api/names.ts'
import { isGuess, targetContainers } from './targets.ts'

function targets(pod: Pod): string[] {
  const found = targetContainers(pod, ['/mnt/model']).value ?? expect.fail('refused')
  return found.map(({ container }) => container.name)
}

function refusal(pod: Pod) {
  return targetContainers(pod, ['/mnt/model']).refused ?? expect.fail('not refused')
}

const SIDECAR = aContainer({ name: 'routing-proxy' })
const VLLM = aContainer({ name: 'vllm', image: 'vllm/vllm-openai:v0.12.0' })
const INIT = aContainer({ name: 'init' })

/** The targets among one container and a sidecar that asks for nothing. */
function isTarget(container: Partial<Container>): boolean {
  const candidate = aContainer({ name: 'candidate', ...container })
  const found = targets(aPod({ spec: { containers: [SIDECAR, candidate] } }))
  return !found.includes('routing-proxy') && found.includes('candidate')
}

describe('the containers that the annotation names', () => {
  const naming = (value: string) =>
    aPod({
      metadata: { annotations: { [CACHE_CONTAINERS]: value } },
      spec: { containers: [aGpuContainer(), VLLM, SIDECAR], initContainers: [INIT] },
    })

  test.each([
    ['routing-proxy', ['routing-proxy']],
    ['routing-proxy,engine', ['engine', 'routing-proxy']],
    [' init , engine ', ['engine', 'init']],
    ['init', ['init']],
    ['engine,engine', ['engine']],
  ])('%j are the targets, before any guess', (value, expected) => {
    expect(targets(naming(value))).toEqual(expected)
  })

  test.each(['gone', 'engine,gone', '', 'engine,'])('%j must all exist', value => {
    const { reason, field, text } = refusal(naming(value))
    expect(reason).toBe('ReferenceInvalid')
    expect(field).toBe(`metadata.annotations[${CACHE_CONTAINERS}]`)
    for (const name of ['engine', 'vllm', 'routing-proxy', 'init']) expect(text).toContain(name)
  })

  test('are told by name when they do not exist', () => {
    expect(refusal(naming('engine,gone,lost')).text).toContain('"gone", "lost"')
  })
})

describe('without the annotation', () => {
  test('the signs add up: an accelerator, an engine, and the path of the mount', () => {
    const reader = aContainer({ name: 'reader', args: ['--weights', '/mnt/model'] })
    expect(targets(aPod({ spec: { containers: [VLLM, aGpuContainer(), SIDECAR, reader] } }))).toEqual([
      'vllm',
      'engine',
      'reader',
    ])
  })

  test('all that ask for an accelerator are targets', () => {
    const containers = [aGpuContainer({ name: 'a' }), SIDECAR, aGpuContainer({ name: 'b' })]
    expect(targets(aPod({ spec: { containers } }))).toEqual(['a', 'b'])
  })

  test('recognised engines come before the rest', () => {
    expect(targets(aPod({ spec: { containers: [SIDECAR, VLLM] } }))).toEqual(['vllm'])
  })

  test('every container is a target where none stands out', () => {
    expect(targets(aPod({ spec: { containers: [SIDECAR, aContainer()] } }))).toEqual(['routing-proxy', 'app'])
  })

  test('a native sidecar serves as others do', () => {
    const ollama = { ...aGpuContainer({ name: 'ollama' }), restartPolicy: 'Always' }
    const pod = aPod({ spec: { initContainers: [INIT, ollama], containers: [SIDECAR] } })
    expect(targets(pod)).toEqual(['ollama'])
    const quiet = { ...INIT, restartPolicy: 'Always' }
    expect(targets(aPod({ spec: { initContainers: [quiet], containers: [SIDECAR] } }))).toEqual([
      'routing-proxy',
    ])
  })

  test.each([
    ['smarter-devices/fuse', 'vllm', VLLM],
    ['vpc.amazonaws.com/pod-eni', 'vllm', VLLM],
    ['nvidia.com/hostdev', 'reader', aContainer({ name: 'reader', args: ['-m', '/mnt/model/model.gguf'] })],
    ['rdma/hca', 'vllm', VLLM],
  ])('a device %s says nothing where another container shows a sign', (resource, expected, container) => {
    const device = aContainer({ name: 'device', resources: { limits: { [resource]: '1' } } })
    expect(targets(aPod({ spec: { containers: [device, container] } }))).toEqual([expected])
  })

  test.each<[string, Container['resources']]>([
    ['of an unknown name', { limits: { 'example.com/accelerator': '1' } }],
    ['of a device class that nobody knows', { limits: { 'deviceclass.resource.kubernetes.io/mine': '1' } }],
    ['by a claim', { claims: [{ name: 'gpus' }] }],
  ])('a device %s decides where nothing else does', (_, resources) => {
    expect(isTarget({ resources })).toBe(true)
  })

  test('init containers are never targets, whatever they ask for', () => {
    const initContainers = [aGpuContainer({ name: 'gpu-check' }), { ...VLLM, name: 'init-vllm' }]
    expect(targets(aPod({ spec: { initContainers, containers: [SIDECAR] } }))).toEqual(['routing-proxy'])
  })

  test('the worker of a LeaderWorkerSet gang is a target although it names no model', () => {
    const worker = aContainer({
      name: 'vllm-worker',
      image: 'registry.example/serving:3',
      command: [
        'sh',
        '-c',
        'bash /vllm-workspace/multi-node-serving.sh worker --ray_address=$(LWS_LEADER_ADDRESS)',
      ],
    })
    expect(targets(aPod({ spec: { containers: [SIDECAR, worker] } }))).toEqual(['vllm-worker'])
    const gpuWorker = {
      ...worker,
      command: ['/start-worker'],
      resources: { limits: { 'nvidia.com/gpu': '8' } },
    }
    expect(targets(aPod({ spec: { containers: [SIDECAR, gpuWorker] } }))).toEqual(['vllm-worker'])
  })
})

describe('an accelerator is', () => {
  test.each<[string, Container['resources']]>([
    ['a GPU limit', { limits: { 'nvidia.com/gpu': '1' } }],
    ['a GPU limit given as a number', { limits: { 'amd.com/gpu': 4 } }],
    ['a TPU request without a limit', { requests: { 'google.com/tpu': '4' } }],
    ['a share of a GPU', { limits: { 'nvidia.com/mig-1g.5gb': '1' } }],
    ['one among other resources', { limits: { cpu: '8', memory: '64Gi', 'habana.ai/gaudi': '8' } }],
    [
      'requested though the limit is zero',
      { limits: { 'amd.com/gpu': '0' }, requests: { 'amd.com/gpu': '1' } },
    ],
    ['time-sliced', { limits: { 'nvidia.com/gpu.shared': '1' } }],
    ['memory of a GPU, by HAMi', { limits: { 'nvidia.com/gpumem': '8000' } }],
    ['a vGPU', { limits: { 'nvidia.com/NVIDIA_A10-8Q': '1' } }],
    ['a partition of AMD', { limits: { 'amd.com/cpx_nps4': '1' } }],
    ['a GPU of Intel', { limits: { 'gpu.intel.com/xe': '1' } }],
    ['Inferentia', { limits: { 'aws.amazon.com/neuroncore': '2' } }],
    ['Ascend', { limits: { 'huawei.com/Ascend910B4-vir8': '1' } }],
    ['Cambricon', { limits: { 'cambricon.com/mlu370': '1' } }],
    ['memory of a GPU, by Volcano', { limits: { 'volcano.sh/gpu-memory': '1024' } }],
    ['an NPU of Intel', { limits: { 'npu.intel.com/accel': '1' } }],
    ['Spyre', { limits: { 'ibm.com/spyre_pf': '1' } }],
    ['a share of a GPU, by Baidu', { limits: { 'baidu.com/a100_80g_cgpu': '1' } }],
    ['a share of a GPU, by Volcengine', { limits: { 'vke.volcengine.com/mgpu-core': '50' } }],
    ['a vGPU of Volcano', { limits: { 'volcano.sh/vgpu-number': '1' } }],
    ['a known device class', { limits: { 'deviceclass.resource.kubernetes.io/gpu.nvidia.com': '1' } }],
  ])('%s', (_, resources) => {
    // Beside a container that asks for an unknown device.
    const device = aContainer({ name: 'device', resources: { limits: { 'example.com/x': '1' } } })
    const candidate = aContainer({ name: 'candidate', resources })
    expect(targets(aPod({ spec: { containers: [device, candidate] } }))).toEqual(['candidate'])
  })

  test.each([
    'nvidia.com/hostdev',
    'nvidia.com/rdma_shared_device_a',
    'nvidia.com/mlnx_sriov',
    'gpu.intel.com/i915_monitoring',
    'amd.com/nic',
    'toString/x',
  ])('not %s', resource => {
    const device = aContainer({ name: 'device', resources: { limits: { [resource]: '1' } } })
    expect(targets(aPod({ spec: { containers: [device, VLLM] } }))).toEqual(['vllm'])
  })

  test.each<[string, Container['resources']]>([
    ['nothing', undefined],
    ['a quantity of null', { limits: { 'nvidia.com/gpu': null } }],
    ['an empty list of claims', { claims: [] }],
    ['CPU and memory', { limits: { cpu: '8', memory: '64Gi' }, requests: { 'ephemeral-storage': '1Gi' } }],
    ['a GPU limit of "0"', { limits: { 'nvidia.com/gpu': '0' }, requests: { 'nvidia.com/gpu': '0' } }],
    ['a GPU limit of 0', { limits: { 'nvidia.com/gpu': 0 } }],
    ['huge pages', { limits: { 'hugepages-2Mi': '1Gi' } }],
    ['a resource of kubernetes.io', { limits: { 'kubernetes.io/batteries': '1' } }],
    ['a resource below kubernetes.io', { limits: { 'node.kubernetes.io/x': '1' } }],
  ])('not %s', (_, resources) => {
    expect(isTarget({ resources })).toBe(false)
  })
})

describe('an engine is recognised by its image', () => {
  test.each([
    'vllm/vllm-openai:v0.12.0',
    'vllm/vllm-openai@sha256:0123',
    'docker.io/vllm/vllm-tpu:nightly',
    'registry.example:5000/mirror/vllm/vllm-openai-cpu:1',
    'lmcache/vllm-openai:v0.3',
    'registry.example/team/vllm-openai:v0.10.0-nixl',
    'public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.19.0',
    'ghcr.io/ggerganov/llama.cpp:server',
    'rocm/vllm:rocm6.4',
    'ghcr.io/llm-d/llm-d-cuda:v0.4.0',
    'quay.io/ascend/vllm-ascend:v0.11.0',
    'registry.redhat.io/rhaiis/vllm-cuda-rhel9:3.2',
    'opea/vllm-gaudi:1.4',
    'openvino/model_server:2025.3-gpu',
    'aibrix/vllm-openai:v0.9',
    'lmsysorg/sglang:latest',
    'ghcr.io/huggingface/text-generation-inference:3.3',
    'nvcr.io/nvidia/tensorrt-llm/release:1.1.0',
    'nvcr.io/nvidia/tritonserver:25.01-py3',
    'nvcr.io/nim/meta/llama-3.3-70b-instruct:1.8',
    'ghcr.io/ggml-org/llama.cpp:server-cuda',
    'openmmlab/lmdeploy:v0.9',
    'ollama/ollama:0.11',
    'nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.7.0',
    'kserve/huggingfaceserver:v0.16.0-gpu',
    'rayproject/ray-llm:2.46.0-py311-cu124',
  ])('%s, with arguments alone', image => {
    expect(isTarget({ image, args: ['meta-llama/Llama-3.3-70B-Instruct', '--port', '8000'] })).toBe(true)
  })

  test.each([
    'istio/proxyv2:1.27',
    'ghcr.io/llm-d/routing-proxy:v0.4',
    'ghcr.io/llm-d/llm-d-router-disagg-sidecar:v0.9.0',
    'ghcr.io/llm-d/llm-d-routing-sidecar:v0.2.0',
    'ghcr.io/llm-d/llm-d-inference-scheduler:v0.5',
    'vllm/vllm-router:v0.1',
    'nvcr.io/nvidia/ai-dynamo/kubernetes-operator:0.7.0',
    'registry.example/app:text-generation-inference',
    'registry.example/vllm-exporter:1',
    'registry.example/ollama/ollama-proxy:1',
    'registry.example/nvidia/tritonserver-exporter:1',
    'registry.example/my-text-generation-inference:1',
    undefined,
  ])('not %s', image => {
    expect(isTarget({ image })).toBe(false)
  })
})

describe('an engine is recognised by its command line', () => {
  const MODEL = 'meta-llama/Llama-3.3-70B-Instruct'
  test.each<[string, Partial<Container>]>([
    ['command and arguments', { command: ['vllm', 'serve'], args: [MODEL] }],
    ['command with the model', { command: ['vllm', 'serve', MODEL], args: ['--port=8000'] }],
    ['absolute path', { command: ['/opt/venv/bin/vllm', 'serve', MODEL] }],
    ['path in command, verb in arguments', { command: ['/opt/venv/bin/vllm'], args: ['serve', MODEL] }],
    ['python module', { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server', '--model', MODEL] }],
    [
      'python module in arguments',
      { args: ['-m', 'vllm.entrypoints.openai.api_server', `--model=${MODEL}`] },
    ],
    [
      'several commands in one shell string',
      {
        command: [
          'sh',
          '-c',
          `ray start --head; python3 -m vllm.entrypoints.openai.api_server --model ${MODEL}`,
        ],
      },
    ],
    [
      'shell script of several lines',
      { command: ['bash', '-c'], args: [`set -e\nexec vllm serve \\\n  ${MODEL} \\\n  --port 8000\n`] },
    ],
    ['flags before the model', { command: ['bash', '-c', `exec vllm serve $FLAGS --port 8000 ${MODEL}`] }],
    [
      'eval',
      {
        command: ['/bin/bash', '-c'],
        args: ['eval "exec vllm serve /mnt/models $VLLM_ADDITIONAL_ARGS"', '--'],
      },
    ],
    [
      'LWS leader script',
      { command: ['sh', '-c', 'bash /x/multi-node-serving.sh leader --ray_cluster_size=2; true'] },
    ],
    ['SGLang module', { command: ['python3', '-m', 'sglang.launch_server', '--model-path', MODEL] }],
    ['SGLang command', { command: ['sglang', 'serve', '--model-path', MODEL] }],
    ['TGI launcher', { command: ['text-generation-launcher'], args: ['--model-id', MODEL] }],
    ['TensorRT-LLM', { command: ['trtllm-serve', 'serve', MODEL] }],
    ['Triton', { command: ['tritonserver', '--model-repository=/models'] }],
    ['llama.cpp', { command: ['/app/llama-server', '-m', '/mnt/model/x.gguf'] }],
    ['LMDeploy', { command: ['lmdeploy', 'serve', 'api_server', MODEL] }],
    ['Ollama', { command: ['/bin/ollama', 'serve'] }],
    ['NIM on Ray', { command: ['nim-serve-ray', '--head'] }],
    ['behind numactl', { command: ['numactl', '--cpunodebind', '0', 'vllm', 'serve', MODEL] }],
    ['behind mpirun', { command: ['mpirun', '-n', '8', '--allow-run-as-root', 'trtllm-serve', MODEL] }],
    ['behind tini', { command: ['tini', '--', '/opt/bin/vllm'], args: ['serve', MODEL] }],
    [
      'behind variables',
      { command: ['sh', '-c', `HF_HUB_OFFLINE=1 CUDA_VISIBLE_DEVICES=0 vllm serve ${MODEL}`] },
    ],
    ['in a condition', { command: ['bash', '-c', `if [ -d /x ]; then exec llama-server -m x; fi`] }],
    ['in a shell within a shell', { command: ['sh', '-c', `bash -c "vllm serve ${MODEL}"`] }],
    ['in shells within shells', { command: ['sh', '-c', `${'env sh -c '.repeat(16)}vllm serve ${MODEL}`] }],
    ['options of the shell', { command: ['bash', '-euo', 'pipefail', '-c', `exec vllm serve ${MODEL}`] }],
    ['options around the c', { command: ['/bin/bash'], args: ['-eucx', `exec vllm serve ${MODEL}`] }],
    ['the end of its options', { command: ['/bin/bash', '-c', '--'], args: [`vllm serve ${MODEL}`] }],
    ['OpenVINO', { command: ['/ovms/bin/ovms', '--config_path', '/x.json'] }],
    ['Python bindings', { command: ['python3', '-m', 'llama_cpp.server'] }],
    ['options of the shell before a file', { command: ['bash', '-x', '/x/multi-node-serving.sh', 'leader'] }],
    ['Python with an option', { command: ['python3', '-u', '-m', 'sglang.launch_server'] }],
    ['a script of the vendor before it', { command: ['/opt/vendor/entrypoint.sh', 'vllm', 'serve', MODEL] }],
    ['vLLM in Rust', { command: ['vllm-rs', 'serve', MODEL] }],
    ['Dynamo worker', { command: ['python3', '-m', 'dynamo.vllm', '--model', MODEL] }],
    ['Dynamo frontend, which reads the tokenizer', { command: ['python3', '-m', 'dynamo.frontend'] }],
  ])('%s', (_, container) => {
    expect(isTarget(container)).toBe(true)
  })

  test.each<[string, Partial<Container>]>([
    ['no command', {}],
    ['another program', { command: ['sleep', 'infinity'] }],
    ['a word that only begins like one', { args: ['--upstream', 'vllm server'] }],
    ['another subcommand', { command: ['vllm', 'bench', 'throughput'] }],
    ['shells without end', { command: ['sh', '-c', 'env sh -c '.repeat(10_000)] }],
    ['a word far behind a script', { command: ['/wait.sh', '--for', 'tritonserver'] }],
    ['the name of a host', { command: ['envoy', '--upstream', 'tritonserver:8000'] }],
    ['the name of a host by itself', { args: ['--backend', 'tritonserver'] }],
    ['the path of a log', { command: ['tail', '-f', '/var/log/llama-server'] }],
    ['a URL', { command: ['curl', 'http://llama-server/health'] }],
    ['a program that waits for one', { command: ['sh', '-c', 'wait-for tritonserver:8001; exec proxy'] }],
    ['another module', { command: ['python3', '-m', 'vllm.benchmarks.serve'] }],
    ['a folder of Python', { command: ['python3', '/vllm.entrypoints.x/main.py'] }],
  ])('not %s', (_, container) => {
    expect(isTarget(container)).toBe(false)
  })
})

describe('the path of the mount is a sign', () => {
  test.each<[string, Partial<Container>]>([
    ['as an argument', { args: ['--model', '/mnt/model'] }],
    ['of a file below it', { args: ['-m', '/mnt/model/model.gguf'] }],
    ['behind an equal sign', { command: ['serve', '--weights=/mnt/model'] }],
    ['in a script', { command: ['sh', '-c', 'exec serve "/mnt/model" --port 80'] }],
    ['in a variable', { env: [{ name: 'MODEL', value: '/mnt/model' }] }],
    ['behind a scheme', { args: ['--model', 'file:/mnt/model'] }],
  ])('%s', (_, container) => {
    expect(isTarget(container)).toBe(true)
  })

  test.each<[string, Partial<Container>]>([
    ['another folder', { args: ['--model', '/mnt/model-2'] }],
    ['a longer name', { args: ['--model', '/mnt/models'] }],
    ['a path below another', { args: ['--model', '/data/mnt/model'] }],
    ['what begins otherwise', { args: ['--model', 'x/mnt/model'] }],
    ['a variable without a value', { env: [{ name: 'MODEL' }] }],
  ])('not %s', (_, container) => {
    expect(isTarget(container)).toBe(false)
  })
})

test('a container with any amount of text hides no sign of another, and is looked at from its beginning', () => {
  const filler = 'x '.repeat(500_000)
  const long = aContainer({ name: 'long', args: ['--model', '/mnt/model', filler] })
  const late = aContainer({ name: 'late', args: [filler, '/mnt/model'] })
  expect(targets(aPod({ spec: { containers: [late, long, VLLM] } }))).toEqual(['long', 'vllm'])
})

test('several containers without a sign are a guess, and others are not', () => {
  const guess = (spec: Partial<Pod['spec']>, metadata = {}) =>
    isGuess(aPod({ spec, metadata }), ['/mnt/model'])
  expect(guess({ containers: [SIDECAR, aContainer()] })).toBe(true)
  expect(guess({ containers: [aContainer()] })).toBe(false)
  expect(guess({ containers: [SIDECAR, VLLM] })).toBe(false)
  expect(guess({ containers: [SIDECAR, aContainer({ resources: { claims: [{}] } })] })).toBe(false)
  const chosen = { annotations: { [CACHE_CONTAINERS]: 'app' } }
  expect(guess({ containers: [SIDECAR, aContainer()] }, chosen)).toBe(false)
})
