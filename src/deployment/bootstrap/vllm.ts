import { type Words, withFlags } from '../words.ts'
import { type GangStart, INDEX, LEADER, SIZE } from './start.ts'

const POD_IP = 'MODELCACHE_POD_IP'

/**
 * The launcher that vLLM itself has since 0.11.1. Workers have no API, so they are headless.
 *
 * The leader gets its own address and no name: up to 0.12 it binds a socket of ZeroMQ to what it is given,
 * and ZeroMQ binds to addresses only.
 */
export function startVllm(words: Words): GangStart {
  const flags = (address: string) => [
    `--nnodes=$(${SIZE})`,
    `--node-rank=$(${INDEX})`,
    `--master-addr=$(${address})`,
  ]
  return {
    leader: {
      words: withFlags(words, flags(POD_IP)),
      env: [{ name: POD_IP, valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    },
    worker: { words: withFlags(words, [...flags(LEADER), '--headless']) },
  }
}
