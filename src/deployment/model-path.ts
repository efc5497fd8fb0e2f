import type { ModelCache } from '../api/modelcache.ts'
import type { ModelDeployment } from '../api/modeldeployment.ts'
import { flagOf, type Words } from './words.ts'

/** A cache of a Hugging Face repository, and where containers see it. */
export interface StagedRepository {
  repository: string
  path: string
}

/** Flags of vLLM, SGLang and text-generation-inference that name the model, `_` written as `-`. */
const MODEL_FLAGS = ['--model', '--model-path', '--model-id']
/** Flags that name another repository, or the same one again. */
const OTHER_FLAGS = ['--tokenizer', '--tokenizer-path', '--hf-config-path']
const NAMING_FLAGS = [...MODEL_FLAGS, ...OTHER_FLAGS]
const NAME_FLAG = '--served-model-name'
/** Engines without that flag answer to any name. */
const NAMELESS = ['--model-id']

/**
 * The words of an engine that names a repository, with the path where its cache is mounted in place of it. So
 * one command works with and without a cache. Clients still call the model by its repository. Whatever else
 * the words name is left alone, and so are scripts of a shell.
 */
export function withPaths({ command, args }: Words, staged: readonly StagedRepository[]): Words {
  const paths = new Map(staged.map(({ repository, path }) => [repository, path]))
  const argsFrom = command?.length ?? 0
  const all = [...(command ?? []), ...(args ?? [])]
  const found = all.map((word, index) => rewritten(word, placeOf(all, index, argsFrom), paths))
  const words = found.map(({ text }) => text)
  const served = found.find(({ served }) => served !== undefined)?.served
  const hasName = all.some(word => [NAME_FLAG, ...NAMELESS].includes(flagOf(word)))
  const name = served === undefined || hasName ? [] : [`${NAME_FLAG}=${served}`]
  const [own, others] = [words.slice(0, argsFrom), [...words.slice(argsFrom), ...name]]
  return { ...(command && { command: own }), ...((args || name.length > 0) && { args: others }) }
}

function rewritten(word: string, place: Place | undefined, paths: ReadonlyMap<string, string>) {
  if (place === undefined) return { text: word }
  const start = place.isOwn ? word.indexOf('=') + 1 : 0
  const value = word.slice(start)
  const path = paths.get(value)
  if (path === undefined) return { text: word }
  return { text: word.slice(0, start) + path, served: place.isModel ? value : undefined }
}

interface Place {
  /** Whether the value is in the word itself, after `=`. */
  isOwn: boolean
  isModel: boolean
}

/** What the word at an index may name; undefined if it names no repository. */
function placeOf(words: readonly string[], index: number, argsFrom: number): Place | undefined {
  const word = words[index] ?? ''
  const own = flagOf(word)
  if (word.includes('=') && NAMING_FLAGS.includes(own))
    return { isOwn: true, isModel: MODEL_FLAGS.includes(own) }
  const before = words[index - 1] ?? ''
  if (!before.includes('=') && NAMING_FLAGS.includes(flagOf(before)))
    return { isOwn: false, isModel: MODEL_FLAGS.includes(flagOf(before)) }
  // vllm serve MODEL, or the first argument of an image that serves.
  const isPositional = before === 'serve' || (index === argsFrom && !word.startsWith('-'))
  return isPositional ? { isOwn: false, isModel: true } : undefined
}

/** The deployment with the paths of its caches in the words of its engine. */
export function withModelPaths(deployment: ModelDeployment, caches: readonly ModelCache[]): ModelDeployment {
  const { engine } = deployment.spec
  const words = withPaths(engine, caches.flatMap(stagedRepository))
  return { ...deployment, spec: { ...deployment.spec, engine: { ...engine, ...mutable(words) } } }
}

/** Of a Hugging Face model, the repository and its path; nothing for other caches. */
export function stagedRepository({ spec }: ModelCache): StagedRepository[] {
  const { huggingFace } = spec.artifact.source ?? {}
  return huggingFace === undefined ? [] : [{ repository: huggingFace.repo, path: spec.mount.path }]
}

function mutable({ command, args }: Words) {
  return { ...(command && { command: [...command] }), ...(args && { args: [...args] }) }
}
