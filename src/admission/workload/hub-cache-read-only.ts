import { posix } from 'node:path'
import type { Container } from '../../api/kubernetes/pod.ts'
import { isWithin } from '../../api/mount-path.ts'
import { cut } from '../../api/schema/text.ts'
import { targetContainers } from '../../injection/targets.ts'
import { warning } from '../finding.ts'
import type { Advice, Subject } from './workload.ts'

/** Variables that tell an engine and its libraries where to keep downloads and compiled code. */
const VARIABLES = new Set([
  ...['HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'TRANSFORMERS_CACHE', 'SENTENCE_TRANSFORMERS_HOME'],
  ...['HF_ASSETS_CACHE', 'HF_DATASETS_CACHE', 'HF_MODULES_CACHE', 'HF_XET_CACHE', 'MODELSCOPE_CACHE'],
  ...['NIM_CACHE_PATH', 'LLAMA_CACHE', 'VLLM_CACHE_ROOT', 'FLASHINFER_WORKSPACE_BASE'],
  ...['XDG_CACHE_HOME', 'TORCH_HOME', 'TORCHINDUCTOR_CACHE_DIR', 'TRITON_CACHE_DIR'],
])

/** Flags of engines that say the same: vLLM, SGLang, text-generation-inference. */
const FLAG = /^(--download[-_]dir|--huggingface-hub-cache)(?:=(.*))?$/

/**
 * An engine keeps its own cache folder inside the mount of a cache. A snapshot has the files of one model,
 * not the layout of a hub cache, and it is read-only. A claim that people filled may be a hub cache, so the
 * rule leaves those alone.
 */
export const hubCacheReadOnly: Advice = ({ subjects }) =>
  subjects.flatMap(subject => {
    const mounts = snapshotsOf(subject)
    const targets = targetContainers(subject.pod, mounts).value ?? []
    return targets.flatMap(({ container }) => {
      const found = cacheFoldersOf(container).find(({ folder }) =>
        mounts.some(path => isWithin(folder, path)),
      )
      if (found === undefined) return []
      const text = `container ${container.name}: ${found.name} is ${cut(found.folder, 40)}, a read-only snapshot and not a hub cache; point it elsewhere, and serve the mounted path`
      return [warning('HubCacheReadOnly', `${subject.template.path}.spec.containers`, text)]
    })
  })

function snapshotsOf({ references }: Subject): string[] {
  return references.flatMap(({ cache }) =>
    cache?.spec.storage.backend === 'PVC' ? [cache.spec.mount.path] : [],
  )
}

interface CacheFolder {
  /** The variable or the flag. */
  name: string
  /** An absolute path. */
  folder: string
}

function cacheFoldersOf({ env, command, args }: Container): CacheFolder[] {
  const words = [...(command ?? []), ...(args ?? [])]
  const named = [
    ...(env ?? []).flatMap(({ name, value }) => (VARIABLES.has(name) ? [{ name, folder: value }] : [])),
    ...words.flatMap((word, index) => {
      const [, name, value] = FLAG.exec(word) ?? []
      return name === undefined ? [] : [{ name, folder: value ?? words[index + 1] }]
    }),
  ]
  return named.flatMap(({ name, folder }) =>
    folder?.startsWith('/') ? [{ name, folder: posix.normalize(folder) }] : [],
  )
}
