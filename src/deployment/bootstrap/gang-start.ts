import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { withParallelism } from '../parallelism.ts'
import type { Words } from '../words.ts'
import { type Bootstrap, chooseBootstrap } from './choose.ts'
import { startSglang } from './sglang.ts'
import type { GangStart } from './start.ts'
import { startVllm } from './vllm.ts'
import { startVllmByRay } from './vllm-ray.ts'

const STARTS: Readonly<Record<Exclude<Bootstrap, 'None'>, (words: Words) => GangStart>> = {
  VLLM: startVllm,
  VLLMRay: startVllmByRay,
  SGLang: startSglang,
}

/**
 * How the pods of a gang start. An engine that we do not know starts as its author wrote it, in every pod,
 * with the variables of LeaderWorkerSet.
 */
export function gangStart({ spec: { engine, workers } }: ModelDeployment): GangStart {
  const choice = chooseBootstrap(engine)
  const { command, args } = engine
  if (!('bootstrap' in choice) || choice.bootstrap === 'None')
    return { leader: { words: { command, args } }, worker: { words: { command, args } } }
  const { tensor, pipeline = 1 } = workers.topology
  return STARTS[choice.bootstrap](withParallelism({ command, args }, { tensor, pipeline }))
}
