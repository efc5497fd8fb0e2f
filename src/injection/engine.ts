import type { Container } from '../api/kubernetes/pod.ts'
import { imageParts } from './image.ts'
import { programsOf } from './programs.ts'

/**
 * Image repositories of inference engines. An entry matches whole parts of a repository between slashes. A
 * dash at the end matches any rest of that part.
 */
const ENGINE_IMAGES = [
  'vllm/vllm-',
  // Builds and mirrors by others keep this name.
  'vllm-openai',
  'vllm-cpu-release-repo',
  'ascend/vllm-ascend',
  'deep-learning-containers/vllm',
  'intel/vllm',
  'modh/vllm',
  'opea/vllm',
  'opea/vllm-',
  'rhaiis/vllm-',
  'rocm/vllm',
  'rocm/vllm-',
  'rocm/sgl-',
  'llm-d/llm-d-',
  'lmsysorg/sglang',
  'lmsysorg/sglang-',
  'text-generation-inference',
  'text-embeddings-inference',
  'nvidia/tensorrt-llm/',
  'nvidia/tritonserver',
  'nvcr.io/nim/',
  'nvidia/ai-dynamo/',
  'ggml-org/llama.cpp',
  'ggerganov/llama.cpp',
  'openmmlab/lmdeploy',
  'ollama/ollama',
  'kserve/huggingfaceserver',
  'rayproject/ray-llm',
  'openvino/model_server',
  'deepjavalibrary/djl-serving',
  'djl-inference',
  'michaelf34/infinity',
  'predibase/lorax',
  'xprobe/xinference',
  'localai/localai',
].map(name => (/[-/]$/.test(name) ? `/${name}` : `/${name}/`))

/** Images that engine projects ship beside their engines, under similar names. */
const BESIDE_ENGINES =
  /[-_/](router|routing|proxy|sidecar|gateway|scheduler|controller|operator|exporter|autoscaler)([-_/]|$)/

/** Programs that are engines. If a program also does other things, the word that must follow. */
const ENGINE_PROGRAMS: ReadonlyMap<string, string | undefined> = new Map([
  ['vllm', 'serve'],
  ['vllm-rs', 'serve'],
  ['sglang', 'serve'],
  ['lmdeploy', 'serve'],
  ['ollama', 'serve'],
  ['mlc_llm', 'serve'],
  ['text-generation-launcher', undefined],
  ['text-embeddings-router', undefined],
  ['trtllm-serve', undefined],
  ['tritonserver', undefined],
  ['llama-server', undefined],
  ['nim-serve', undefined],
  ['nim-serve-ray', undefined],
  ['ovms', undefined],
  ['lorax-launcher', undefined],
  ['mindieservice_daemon', undefined],
  ['infinity_emb', 'v2'],
  // The script of vLLM that workers of a gang run without naming a model.
  ['multi-node-serving.sh', undefined],
])

const ENGINE_MODULE =
  /^(vllm\.entrypoints\..+|sglang\.launch_server|mlc_llm|dynamo\.(vllm|sglang|trtllm|frontend)|huggingfaceserver|llama_cpp\.server|lightllm\.server\.api_server)$/

/** Whether a container runs a known inference engine, by its image or by the program in its command. */
export function isEngine(container: Container): boolean {
  const repository = `/${imageParts(container.image ?? '').repository}/`
  const isNamed = ENGINE_IMAGES.some(part => repository.includes(part))
  if (isNamed && !BESIDE_ENGINES.test(repository.slice(repository.lastIndexOf('/', repository.length - 2))))
    return true
  return programsOf(container).some(({ program, module, next }) => {
    if (module !== undefined) return ENGINE_MODULE.test(module)
    if (!ENGINE_PROGRAMS.has(program)) return false
    const verb = ENGINE_PROGRAMS.get(program)
    return verb === undefined || next === verb
  })
}
