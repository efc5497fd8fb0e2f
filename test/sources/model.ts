import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 2 ** 20

/**
 * Writes a model into a folder like a repository: configuration, tokenizer and sharded safetensors of this
 * many MiB each. All shards differ, and none compresses. Returns the SHA-256 of each shard.
 */
export async function writeModel(
  folder: string,
  { shards, shardMiB }: { shards: number; shardMiB: number },
): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true })
  const sums: Record<string, string> = {}
  const weightMap: Record<string, string> = {}
  for (let index = 1; index <= shards; index++) {
    const name = `model-${digits(index)}-of-${digits(shards)}.safetensors`
    sums[name] = await writeShard(join(folder, name), shardMiB)
    weightMap[`model.layers.${index}.weight`] = name
  }
  const small = {
    'config.json': JSON.stringify({ architectures: ['LlamaForCausalLM'], num_hidden_layers: shards }),
    'generation_config.json': JSON.stringify({ temperature: 0.6 }),
    'tokenizer.json': JSON.stringify({ version: '1.0', model: { type: 'BPE', vocab: {} } }),
    'tokenizer_config.json': JSON.stringify({ model_max_length: 8192 }),
    'model.safetensors.index.json': JSON.stringify({
      metadata: { total_size: shards * shardMiB * MIB },
      weight_map: weightMap,
    }),
  }
  for (const [name, content] of Object.entries(small)) await writeFile(join(folder, name), content)
  return sums
}

function digits(index: number): string {
  return String(index).padStart(5, '0')
}

async function writeShard(path: string, mib: number): Promise<string> {
  const hash = createHash('sha256')
  await using file = await open(path, 'w')
  for (let written = 0; written < mib; written++) {
    const block = randomBytes(MIB)
    hash.update(block)
    await file.write(block)
  }
  return hash.digest('hex')
}
