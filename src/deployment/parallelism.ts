import { flagOf, type Words, withFlags } from './words.ts'

/** How engines call the number of accelerators that share each layer. */
const TENSOR_FLAGS = ['--tensor-parallel-size', '-tp', '--tp', '--tp-size', '--num-shard']
/** And the number of groups that the layers are spread over. */
const PIPELINE_FLAGS = ['--pipeline-parallel-size', '-pp', '--pp', '--pp-size']
/** And the number of copies of the model. Engines disagree on whether copies share accelerators. */
const DATA_FLAGS = ['--data-parallel-size', '-dp', '--dp', '--dp-size']

/** A number in the words of an engine, and how it stands there. */
export interface Asked {
  value: number
  text: string
}

/** What the words of an engine say about how it uses accelerators. */
export interface AskedParallelism {
  tensor: Asked | undefined
  pipeline: Asked | undefined
  data: Asked | undefined
}

export function askedParallelism({ command = [], args = [] }: Words): AskedParallelism {
  const words = [...command, ...args]
  return {
    tensor: numberAfter(words, TENSOR_FLAGS),
    pipeline: numberAfter(words, PIPELINE_FLAGS),
    data: numberAfter(words, DATA_FLAGS),
  }
}

/** The number that the last of these flags has: `--flag=8` or `--flag 8`. */
function numberAfter(words: readonly string[], flags: readonly string[]): Asked | undefined {
  let found: Asked | undefined
  for (const [index, word] of words.entries()) {
    const flag = flagOf(word)
    if (!flags.includes(flag)) continue
    const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : words[index + 1]
    if (value !== undefined && /^\d{1,4}$/.test(value))
      found = { value: Number(value), text: `${flag}=${value}` }
  }
  return found
}

/**
 * Tells an engine of several pods how to use their accelerators, as far as its author has not. vLLM and
 * SGLang both have these flags.
 */
export function withParallelism(
  words: Words,
  { tensor, pipeline }: { tensor: number; pipeline: number },
): Words {
  const asked = askedParallelism(words)
  if (asked.data !== undefined) return words
  // An engine on CPUs has one part in each pod.
  const all = Math.max(tensor, 1) * pipeline
  const shared = asked.tensor?.value ?? all / (asked.pipeline?.value ?? pipeline)
  const groups = asked.pipeline?.value ?? all / shared
  if (![shared, groups].every(value => Number.isInteger(value) && value > 0)) return words
  const missing = [
    ...(asked.tensor === undefined ? [`--tensor-parallel-size=${shared}`] : []),
    ...(asked.pipeline === undefined ? [`--pipeline-parallel-size=${groups}`] : []),
  ]
  return withFlags(words, missing)
}
