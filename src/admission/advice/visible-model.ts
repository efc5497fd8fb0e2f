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

/** Few programs are engines, and their names tell which lines to compare with. */
const LINES_OF = Map.groupBy(COMMAND_LINES, ({ begin }) => /[\w-]+/.exec(begin.source)?.[0] ?? '')

/** Finds the name of such a program as a whole word. A version may follow it. */
const MAY_START_ENGINE = new RegExp(`\\b(${[...LINES_OF.keys()].join('|')})[\\w.]{0,8}(?![\\w-])`)

/** What a command line starts, and the words behind that; undefined if it is not an engine. */
function engineOf(argv: readonly string[]): { engine: CommandLine; rest: readonly string[] } | undefined {
  const [program = '', ...words] = argv
  const name = posix.basename(program)
  const candidates = LINES_OF.get(name.startsWith('python') ? 'python' : name)
  if (candidates === undefined) return undefined
  const line = `${[name, ...words].join(' ')} `
  for (const engine of candidates) {
    const begin = engine.begin.exec(line)?.[0]
    if (begin !== undefined) return { engine, rest: argv.slice(begin.trim().split(' ').length) }
  }
  return undefined
}

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
  const models = commandsOf(container).flatMap(argv => modelsOf(argv, container))
  const [model] = models
  const isOne = model !== undefined && models.every(each => each === model)
  return isOne && isPlain(model) ? model : undefined
}

function commandsOf({ command, args, image }: Container): string[][] {
  const words = [...(command ?? []), ...(args ?? [])]
  if (isShell(posix.basename(words[0] ?? ''))) {
    const { at, isScript } = behindOptions(words, 1)
    const script = isScript ? (words[at] ?? '') : ''
    // Most worker scripts start no engine. This test is cheaper than splitting the script into words.
    return MAY_START_ENGINE.test(script) ? shellCommands(script) : []
  }
  // Without a command, the args may begin with it all the same.
  const entrypoint = command?.length ? undefined : ENTRYPOINTS.find(([name]) => image?.includes(name))?.[1]
  if (entrypoint === undefined || engineOf(words) !== undefined) return [words]
  return [[...entrypoint, ...words]]
}

/**
 * Every model that a command line names: none if it is not an engine's, and more than one if it contradicts
 * itself.
 */
function modelsOf(argv: string[], { env }: Container): string[] {
  const found = engineOf(argv)
  if (found === undefined) return []
  const { engine, rest } = found
  const first = rest[0]
  const positional = engine.positional && first !== undefined && !first.startsWith('-') ? [first] : []
  const named = [
    ...positional,
    ...rest.flatMap((word, index) => flagValue(word, rest[index + 1], engine.flags)),
  ]
  if (named.length > 0) return named
  return (env ?? []).flatMap(({ name, value }) => (engine.variables?.includes(name) ? (value ?? '') : []))
}

/** vLLM accepts `_` for `-` in flags, and every engine accepts `--flag value` and `--flag=value`. */
function flagValue(word: string, next: string | undefined, flags: readonly string[]): string[] {
  if (!word.startsWith('-')) return []
  const [name = '', ...value] = word.split('=')
  if (!flags.includes(name.replaceAll('_', '-'))) return []
  return [value.length > 0 ? value.join('=') : (next ?? '')]
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
