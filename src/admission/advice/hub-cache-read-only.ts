import { posix } from 'node:path'
import type { Container } from '../../api/kubernetes/pod.ts'
import { isWithin } from '../../api/mount-path.ts'
import { cut } from '../../api/schema/text.ts'
import { warning } from '../finding.ts'
import { fieldIn, type PodAdvice, scratchPathsOf } from './consumer.ts'

/** Variables that tell an engine and its libraries where to keep downloads and compiled code. */
const VARIABLES = new Set([
  ...['HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'TRANSFORMERS_CACHE', 'SENTENCE_TRANSFORMERS_HOME'],
  ...['HF_ASSETS_CACHE', 'HF_DATASETS_CACHE', 'HF_MODULES_CACHE', 'HF_XET_CACHE', 'MODELSCOPE_CACHE'],
  ...['NIM_CACHE_PATH', 'OLLAMA_MODELS', 'LLAMA_CACHE', 'VLLM_CACHE_ROOT', 'FLASHINFER_WORKSPACE_BASE'],
  ...['XDG_CACHE_HOME', 'TORCH_HOME', 'TORCHINDUCTOR_CACHE_DIR', 'TRITON_CACHE_DIR'],
])

/** Flags of engines that say the same: vLLM, SGLang, text-generation-inference. */
const FLAG = /^(--download[-_]dir|--huggingface-hub-cache)(?:=(.*))?$/

/**
 * Where the engine of an image keeps its cache if no variable says otherwise, by a part of its repository.
 */
const DEFAULT_FOLDERS = [
  { image: /(^|\/)nvcr\.io\/nim\//, variable: 'NIM_CACHE_PATH', folder: '/opt/nim/.cache' },
  { image: /(^|\/)ollama\/ollama([:@]|$)/, variable: 'OLLAMA_MODELS', folder: '/root/.ollama/models' },
]

/**
 * An engine keeps its own cache folder inside the mount of a cache. A snapshot has the files of one model,
 * not the layout of a hub cache, and every mount of a cache is read-only, also that of a claim that people
 * filled. An author who names scratch folders there knows this.
 */
export const hubCacheReadOnly: PodAdvice = consumer => {
  const { mountPaths: mounts } = consumer
  const scratch = scratchPathsOf(consumer)
  const isReadOnly = (folder: string) =>
    mounts.some(path => isWithin(folder, path)) &&
    !scratch.some(path => isWithin(folder, path) || isWithin(path, folder))
  const targets = mounts.length === 0 ? [] : (consumer.targets().value ?? [])
  return targets.flatMap(({ container }) => {
    const found = cacheFoldersOf(container).find(({ folder }) => isReadOnly(folder))
    if (found === undefined) return []
    const text = `container ${container.name}: ${found.name} is ${cut(found.folder, 40)}${found.isDefault ? ' by default' : ''}, a read-only mount, and not a hub cache that the engine may fill; point it elsewhere, and serve the mounted path`
    return [warning('HubCacheReadOnly', fieldIn(consumer, 'spec.containers'), text)]
  })
}

interface CacheFolder {
  /** The variable or the flag. */
  name: string
  /** An absolute path. */
  folder: string
  /** The image says it, and the container nothing else. */
  isDefault?: boolean
}

function cacheFoldersOf({ env = [], command = [], args = [], image = '' }: Container): CacheFolder[] {
  const folders: CacheFolder[] = []
  const add = (name: string, folder = '') => {
    if (folder.startsWith('/')) folders.push({ name, folder: posix.normalize(folder) })
  }
  for (const { name, value } of env) if (VARIABLES.has(name)) add(name, value)
  const words = [...command, ...args]
  for (const [index, word] of words.entries()) {
    const [, name, value] = word.startsWith('--') ? (FLAG.exec(word) ?? []) : []
    if (name !== undefined) add(name, value ?? words[index + 1])
  }
  const byImage = DEFAULT_FOLDERS.find(
    known => known.image.test(image) && !env.some(({ name }) => name === known.variable),
  )
  if (byImage) folders.push({ name: byImage.variable, folder: byImage.folder, isDefault: true })
  return folders
}
