import { describe, expect, test } from 'vitest'
import { aContainer } from '../../api/fixtures.ts'
import { visibleModel } from './visible-model.ts'

const VLLM = 'vllm/vllm-openai:v0.11.0'
const HUB = 'meta-llama/Llama-3.3-70B-Instruct'
const sh = (script: string) => aContainer({ command: ['sh', '-c'], args: [script] })

const ofTgi = (env: { name: string; value: string }[], args: string[] = []) =>
  aContainer({ image: 'ghcr.io/huggingface/text-generation-inference:3', args, env })

describe('a model is visible', () => {
  test.each([
    ['as the first argument of the image', aContainer({ image: VLLM, args: [HUB, '--port', '8000'] })],
    ['as a flag of the image', aContainer({ image: VLLM, args: ['--model', HUB] })],
    ['as one word', aContainer({ image: VLLM, args: [`--model=${HUB}`] })],
    ['after vllm serve', aContainer({ command: ['vllm', 'serve'], args: [HUB] })],
    ['with a path to the program', aContainer({ command: ['/opt/venv/bin/vllm', 'serve', HUB] })],
    [
      'of the older server',
      aContainer({ command: ['python3', '-m', 'vllm.entrypoints.openai.api_server', '--model', HUB] }),
    ],
    ['of SGLang', aContainer({ args: ['python3', '-m', 'sglang.launch_server', '--model-path', HUB] })],
    [
      'of text-generation-inference',
      aContainer({
        image: 'ghcr.io/huggingface/text-generation-inference:3',
        args: ['--model-id', HUB],
      }),
    ],
    ['of text-generation-inference, in a variable', ofTgi([{ name: 'MODEL_ID', value: HUB }])],
    ['of TensorRT-LLM', aContainer({ command: ['trtllm-serve', HUB, '--port', '8000'] })],
    ['of TensorRT-LLM, by its verb', aContainer({ command: ['trtllm-serve', 'serve', HUB] })],
    ['of llama.cpp, on a hub', aContainer({ command: ['llama-server', '-hf', HUB] })],
    [
      'of llama.cpp, in a variable',
      aContainer({
        image: 'ghcr.io/ggml-org/llama.cpp:server',
        env: [{ name: 'LLAMA_ARG_HF_REPO', value: HUB }],
      }),
    ],
    ['of LMDeploy', aContainer({ command: ['lmdeploy', 'serve', 'api_server', HUB] })],
    ['of KServe', aContainer({ image: 'kserve/huggingfaceserver:v0.15', args: [`--model_id=${HUB}`] })],
    ['of Infinity', aContainer({ image: 'michaelf34/infinity:0.0.76', args: ['v2', '--model-id', HUB] })],
    ['in a script of several commands', sh(`multi-node-serving.sh leader; vllm serve ${HUB} --port 1`)],
    ['behind exec, over several lines', sh(`export A=b\nexec vllm serve \\\n  ${HUB} \\\n  --port 1`)],
    [
      'behind options',
      aContainer({ command: ['bash', '-euo', 'pipefail', '-c'], args: [`vllm serve ${HUB}`] }),
    ],
    ['behind the end of options', aContainer({ command: ['bash', '-c', '--'], args: [`vllm serve ${HUB}`] })],
    [
      'in a script, with a version behind Python',
      sh(`/usr/bin/python3.12 -m vllm.entrypoints.openai.api_server --model ${HUB}`),
    ],
    [
      'in a variable, the program in quotes and the last word of a script',
      {
        ...sh(`. /etc/profile; exec "/opt/text-generation-launcher"`),
        env: [{ name: 'MODEL_ID', value: HUB }],
      },
    ],
    ['in quotes', sh(`vllm serve "${HUB}"`)],
    ['beside a variable of Kubernetes', sh(`start.sh --size=$(LWS_GROUP_SIZE); vllm serve ${HUB}`)],
  ])('%s', (_, container) => {
    expect(visibleModel(container)).toBe(HUB)
  })

  test.each([
    's3://models/llama',
    'hf://meta-llama/Llama-3.3-70B-Instruct',
    'ggml-org/gemma-3-1b-it-GGUF:Q4_K_M',
  ])('as %s', model => {
    expect(visibleModel(aContainer({ command: ['vllm', 'serve', model] }))).toBe(model)
  })

  test('as the word, if a variable names another one', () => {
    expect(visibleModel(ofTgi([{ name: 'MODEL_ID', value: 'other/name' }], ['--model-id', HUB]))).toBe(HUB)
  })

  test('as the file of llama.cpp', () => {
    const container = aContainer({ command: ['/app/llama-server', '-m', '/models/x.gguf'] })
    expect(visibleModel(container)).toBe('/models/x.gguf')
  })
})

describe('nothing is visible', () => {
  test.each([
    ['on a worker that names no model', sh('multi-node-serving.sh worker --ray_address=x')],
    ['in a shell variable', sh('vllm serve $MODEL')],
    ['in a variable of Kubernetes', aContainer({ image: VLLM, args: ['--model', '$(MODEL)'] })],
    ['in a condition', sh(`if true; then vllm serve ${HUB}; fi`)],
    ['behind eval', sh(`eval "vllm serve ${HUB}"`)],
    ['after a change of folder', sh(`cd /x && vllm serve ${HUB}`)],
    ['in a substitution', sh(`vllm serve $(cat model)`)],
    ['with arguments from elsewhere', sh(`vllm serve ${HUB} "$@"`)],
    ['in a relative path', aContainer({ image: VLLM, args: ['./model'] })],
    ['after flags, where it might be the value of one', sh(`vllm serve --enable-x ${HUB}`)],
    ['where it is named twice', aContainer({ image: VLLM, args: [HUB, '--model', 'other/name'] })],
    ['in a command that is no engine', aContainer({ command: ['tool', '--model', HUB] })],
    [
      'in the arguments of another command of the image',
      aContainer({ image: VLLM, command: ['run'], args: [HUB] }),
    ],
  ])('%s', (_, container) => {
    expect(visibleModel(container)).toBeUndefined()
  })
})
