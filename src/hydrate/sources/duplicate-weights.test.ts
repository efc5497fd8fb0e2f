import { expect, test } from 'vitest'
import { duplicateWeights } from './duplicate-weights.ts'

test.each<[string, paths: string[], duplicates: string[]]>([
  [
    'weights of a whole model',
    [
      'config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'pytorch_model-00001-of-00002.bin',
      'pytorch_model.bin.index.json',
      'tf_model.h5',
      'flax_model.msgpack',
      'training_args.bin',
    ],
    ['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json', 'tf_model.h5', 'flax_model.msgpack'],
  ],
  [
    'weights in a folder below',
    ['model.safetensors', 'original/consolidated.00.pth', 'original/params.json'],
    ['original/consolidated.00.pth'],
  ],
  [
    'weights twice as safetensors',
    [
      'config.json',
      'consolidated.safetensors',
      'consolidated-00001-of-00002.safetensors',
      'consolidated.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model.safetensors.index.json',
      'params.json',
    ],
    [
      'consolidated.safetensors',
      'consolidated-00001-of-00002.safetensors',
      'consolidated.safetensors.index.json',
    ],
  ],
  ['weights for Mistral only', ['params.json', 'consolidated.safetensors', 'lora/model.safetensors'], []],
  ['weights by the same name', ['ve.safetensors', 've.pt', 'conds.pt'], ['ve.pt']],
  ['weights in another folder', ['unet/model.safetensors', 'vae/pytorch_model.bin'], []],
  ['no safetensors', ['pytorch_model.bin', 'consolidated.00.pth'], []],
])('%s', (_, paths, duplicates) => {
  expect([...duplicateWeights(paths)]).toEqual(duplicates)
})
