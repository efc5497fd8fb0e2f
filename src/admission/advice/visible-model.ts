import { posix } from 'node:path'
import type { Container } from '../../api/kubernetes/pod.ts'
import { behindOptions, isShell } from '../../injection/shell.ts'
import { shellCommands } from './shell-commands.ts'

/** The command line of an engine: how it starts, and which of the following words name the model. */
interface CommandLine {
  begin: RegExp
  flags: readonly string[]
  /** Whether the next word is the model, unless it is a flag. */
  positional?: boolean
  /** Variables that name the model if no word does. */
  variables?: readonly string[]
}

const COMMAND_LINES: readonly CommandLine[] = [
  { begin: /^vllm serve /, flags: ['--model'], positional: true },
  { begin: /^python[\d.]* -m vllm\.entrypoints\.\S+ /, flags: ['--model'] },
  { begin: /^python[\d.]* -m sglang\.launch_server /, flags: ['--model-path', '--model'] },
  { begin: /^sglang serve /, flags: ['--model-path', '--model'] },
  { begin: /^python[\d.]* -m dynamo\.(vllm|sglang|trtllm) /, flags: ['--model', '--model-path'] },
  { begin: /^text-generation-launcher /, flags: ['--model-id'], variables: ['MODEL_ID'] },
  { begin: /^text-embeddings-router /, flags: ['--model-id'], variables: ['MODEL_ID'] },
  { begin: /^lorax-launcher /, flags: ['--model-id'], variables: ['MODEL_ID'] },
  {
    begin: /^llama-server /,
    flags: ['-m', '--model', '-hf', '-hfr', '--hf-repo'],
    variables: ['LLAMA_ARG_MODEL', 'LLAMA_ARG_HF_REPO'],
  },
  { begin: /^trtllm-serve (serve )?/, flags: [], positional: true },
  { begin: /^lmdeploy serve api_server /, flags: [], positional: true },
  { begin: /^mlc_llm serve /, flags: [], positional: true },
  { begin: /^infinity_emb v2 /, flags: ['--model-id'] },
  {
    begin: /^python[\d.]* -m huggingfaceserver /,
    flags: ['--model-id', '--model-dir'],
    variables: ['MODEL_ID', 'MODEL_DIR'],
  },
]

/** The command that an image runs by default, so that only `args` follow. */
const ENTRYPOINTS: readonly [image: string, command: string[]][] = [
  ['vllm/vllm-openai', ['vllm', 'serve']],
  ['huggingface/text-generation-inference', ['text-generation-launcher']],
  ['huggingface/text-embeddings-inference', ['text-embeddings-router']],
  ['ggml-org/llama.cpp', ['llama-server']],
  ['predibase/lorax', ['lorax-launcher']],
  ['michaelf34/infinity', ['infinity_emb']],
  ['kserve/huggingfaceserver', ['python3', '-m', 'huggingfaceserver']],
]

/**
 * The model that an engine is clearly told to serve: a path, or a name on a hub. Undefined if it is not plain
 * to see, such as in variables, files, and scripts that need a shell.
 */
export function visibleModel(container: Container): string | undefined {
  const models = new Set(commandsOf(container).flatMap(argv => modelsOf(argv, container)))
  const [model, ...others] = models
  return others.length === 0 && model !== undefined && isPlain(model) ? model : undefined
}

function commandsOf({ command, args, image }: Container): string[][] {
  const words = [...(command ?? []), ...(args ?? [])]
  if (isShell(posix.basename(words[0] ?? ''))) {
    const { at, isScript } = behindOptions(words, 1)
    return isScript ? shellCommands(words[at] ?? '') : []
  }
  const entrypoint = ENTRYPOINTS.find(([name]) => image?.includes(name))?.[1]
  const line = lineOf(words)
  const isWhole = COMMAND_LINES.some(({ begin }) => begin.test(line))
  return !isWhole && entrypoint && !command?.length ? [[...entrypoint, ...words]] : [words]
}

/**
 * Every model that a command line names: none if it is not an engine's, and more than one if it contradicts
 * itself.
 */
function modelsOf(argv: string[], { env }: Container): string[] {
  const line = lineOf(argv)
  const found = COMMAND_LINES.find(({ begin }) => begin.test(line))
  const begin = found?.begin.exec(line)?.[0]
  if (found === undefined || begin === undefined) return []
  const rest = argv.slice(begin.trim().split(' ').length)
  const first = rest[0]
  const positional = found.positional && first !== undefined && !first.startsWith('-') ? [first] : []
  const named = [
    ...positional,
    ...rest.flatMap((word, index) => flagValue(word, rest[index + 1], found.flags)),
  ]
  if (named.length > 0) return named
  return (env ?? []).flatMap(({ name, value }) => (found.variables?.includes(name) ? (value ?? '') : []))
}

/** vLLM accepts `_` for `-` in flags, and every engine accepts `--flag value` and `--flag=value`. */
function flagValue(word: string, next: string | undefined, flags: readonly string[]): string[] {
  const [name = '', ...value] = word.split('=')
  if (!flags.includes(name.replaceAll('_', '-'))) return []
  return [value.length > 0 ? value.join('=') : (next ?? '')]
}

function lineOf([program = '', ...words]: string[]): string {
  return `${[posix.basename(program), ...words].join(' ')} `
}

/**
 * An absolute path, `organisation/name`, which llama.cpp completes with `:quantization`, or the URL of a
 * bucket or hub. Relative paths and unexpanded text are not plain enough.
 */
function isPlain(model: string): boolean {
  return (
    /^\/[^$]*$/.test(model) ||
    /^[A-Za-z0-9][\w.-]*\/[\w.-]+(:[\w.-]+)?$/.test(model) ||
    /^(s3|gs|az|hf):\/\/[^$\s]+$/i.test(model)
  )
}
