import type { Container } from '../api/pod.ts'

/** Image repositories of inference engines, matched anywhere in the image name before its tag or digest. */
const ENGINE_IMAGES = [
  'vllm/vllm-',
  'lmcache/vllm-openai',
  'rocm/vllm',
  'aibrix/vllm-openai',
  'llm-d/llm-d-',
  'lmsysorg/sglang',
  'text-generation-inference',
  'nvidia/tensorrt-llm',
  'nvidia/tritonserver',
  'nvcr.io/nim/',
  'nvidia/ai-dynamo/',
  'ggml-org/llama.cpp',
  'openmmlab/lmdeploy',
  'ollama/ollama',
  'kserve/huggingfaceserver',
  'rayproject/ray-llm',
] as const

/**
 * Words in a command line, also inside a `sh -c` script, that start an engine. The multi-node script counts: a
 * worker of a gang runs it without naming a model.
 */
const ENGINE_COMMAND = new RegExp(
  [
    String.raw`\bvllm\s+serve\b`,
    String.raw`\bvllm\.entrypoints\.`,
    String.raw`\bmulti-node-serving\.sh\b`,
    String.raw`\bsglang\.launch_server\b`,
    String.raw`\bsglang\s+serve\b`,
    String.raw`\btext-generation-launcher\b`,
    String.raw`\btrtllm-serve\b`,
    String.raw`\btritonserver\b`,
    String.raw`\bllama-server\b`,
    String.raw`\blmdeploy\s+serve\b`,
    String.raw`\bollama\s+serve\b`,
    String.raw`\bnim-serve\b`,
    String.raw`\bdynamo\.(vllm|sglang|trtllm|frontend)\b`,
  ].join('|'),
)

/** Whether a container runs a known inference engine, by its image or its command line. */
export function isEngine({ image, command, args }: Container): boolean {
  const repository = repositoryOf(image ?? '')
  if (ENGINE_IMAGES.some(name => repository.includes(name))) return true
  return ENGINE_COMMAND.test([...(command ?? []), ...(args ?? [])].join(' '))
}

/** An image reference without digest and tag. A colon before the last slash belongs to the registry's port. */
function repositoryOf(image: string): string {
  const [name = ''] = image.split('@')
  const tag = name.indexOf(':', name.lastIndexOf('/') + 1)
  return tag === -1 ? name : name.slice(0, tag)
}
