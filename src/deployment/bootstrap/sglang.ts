import { type Words, withFlags } from '../words.ts'
import { type GangStart, INDEX, LEADER, SIZE } from './start.ts'

/** Where the pods of a gang meet. Each has a network of its own, so any free port does. */
const PORT = 20_000

/** SGLang is told the same in every pod. All but the first serve nothing but their health. */
export function startSglang(words: Words): GangStart {
  const flags = [`--nnodes=$(${SIZE})`, `--node-rank=$(${INDEX})`, `--dist-init-addr=$(${LEADER}):${PORT}`]
  const start = { words: withFlags(words, flags) }
  return { leader: start, worker: start }
}
