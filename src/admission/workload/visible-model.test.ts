import { describe, expect, test } from 'vitest'
import { aContainer } from '../../api/fixtures.ts'
import { visibleModel } from './visible-model.ts'

const VLLM = 'vllm/vllm-openai:v0.11.0'
const HUB = 'meta-llama/Llama-3.3-70B-Instruct'
const sh = (script: string) => aContainer({ command: ['sh', '-c'], args: [script] })

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
    ['in a script of several commands', sh(`multi-node-serving.sh leader; vllm serve ${HUB} --port 1`)],
    ['behind exec, over several lines', sh(`export A=b\nexec vllm serve \\\n  ${HUB} \\\n  --port 1`)],
    [
      'behind options',
      aContainer({ command: ['bash', '-euo', 'pipefail', '-c'], args: [`vllm serve ${HUB}`] }),
    ],
    ['behind the end of options', aContainer({ command: ['bash', '-c', '--'], args: [`vllm serve ${HUB}`] })],
    ['in quotes', sh(`vllm serve "${HUB}"`)],
    ['beside a variable of Kubernetes', sh(`start.sh --size=$(LWS_GROUP_SIZE); vllm serve ${HUB}`)],
  ])('%s', (_, container) => {
    expect(visibleModel(container)).toBe(HUB)
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
