import { expect, test } from 'vitest'
import { withPaths } from './model-path.ts'

const REPO = 'meta-llama/Llama-3.3-70B-Instruct'
const staged = [
  { repository: REPO, path: '/mnt/model' },
  { repository: 'org/tokenizer', path: '/mnt/tokenizer' },
]
const NAME = `--served-model-name=${REPO}`

test.each<[string, string[], string[]]>([
  ['a flag with its value', [`--model=${REPO}`], ['--model=/mnt/model', NAME]],
  ['a flag before its value', ['--model', REPO, '--port=1'], ['--model', '/mnt/model', '--port=1', NAME]],
  ['the first argument', [REPO, '--port=1'], ['/mnt/model', '--port=1', NAME]],
  ['SGLang', ['--model-path', REPO], ['--model-path', '/mnt/model', NAME]],
  ['underscores', [`--model_path=${REPO}`], ['--model_path=/mnt/model', NAME]],
  ['text-generation-inference', [`--model-id=${REPO}`], ['--model-id=/mnt/model']],
  [
    'a name that the author chose',
    [`--model=${REPO}`, '--served-model-name', 'llama'],
    ['--model=/mnt/model', '--served-model-name', 'llama'],
  ],
  [
    'a tokenizer',
    ['--model=/mnt/model', '--tokenizer=org/tokenizer'],
    ['--model=/mnt/model', '--tokenizer=/mnt/tokenizer'],
  ],
  [
    'both',
    [`--model=${REPO}`, '--tokenizer', 'org/tokenizer'],
    ['--model=/mnt/model', '--tokenizer', '/mnt/tokenizer', NAME],
  ],
  ['a path', ['--model=/mnt/model'], ['--model=/mnt/model']],
  ['another repository', ['--model=other/model'], ['--model=other/model']],
  ['a part of the name', [`--model=${REPO}-FP8`], [`--model=${REPO}-FP8`]],
  ['another flag', [`--speculative-model=${REPO}`], [`--speculative-model=${REPO}`]],
  ['nothing', [], []],
])('%s', (_, args, expected) => {
  expect(withPaths({ args }, staged)).toEqual({ args: expected })
  // Never twice.
  expect(withPaths({ args: expected }, staged)).toEqual({ args: expected })
})

test('a command, and what a shell runs', () => {
  expect(withPaths({ command: ['vllm', 'serve', REPO] }, staged)).toEqual({
    command: ['vllm', 'serve', '/mnt/model'],
    args: [NAME],
  })
  const script = { command: ['sh', '-c', `vllm serve ${REPO}`] }
  expect(withPaths(script, staged)).toEqual(script)
  expect(withPaths({}, staged)).toEqual({})
})
