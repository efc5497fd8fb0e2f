import { type Words, withFlags } from '../words.ts'
import { type GangStart, LEADER, SIZE } from './start.ts'

const PORT = 6379

/** The leader starts Ray, and then vLLM as soon as all pods are there. */
const LEAD = `ray start --head --port=${PORT} || exit 1
until python3 -c '
import os, ray
ray.init(address="auto", log_to_driver=False)
joined = sum(node["Alive"] for node in ray.nodes())
size = int(os.environ["${SIZE}"])
print(f"{joined} of {size} pods have joined Ray", flush=True)
raise SystemExit(joined < size)'
do sleep 5; done
exec "$@"`

/** A worker waits for the leader's Ray, joins it, and ends when that ends. */
const JOIN = `until (exec 3<>"/dev/tcp/$${LEADER}/${PORT}") 2>/dev/null
do echo "the Ray of $${LEADER} is not there yet"; sleep 5; done
exec ray start --address="$${LEADER}:${PORT}" --block`

/** What images of vLLM run that still have Ray. */
const SERVER = ['python3', '-m', 'vllm.entrypoints.openai.api_server']

/** vLLM over Ray, which its images have up to 0.17. Workers name no model: Ray tells them what to do. */
export function startVllmByRay(words: Words): GangStart {
  const { command, args = [] } = withFlags(words, ['--distributed-executor-backend=ray'])
  // Only `vllm serve` takes the model without a flag.
  const isPositional = args[0]?.startsWith('-') === false
  const server = command ?? (isPositional ? ['vllm', 'serve'] : SERVER)
  const bash = (script: string, ...rest: readonly string[]) => ['/bin/bash', '-c', script, 'start', ...rest]
  return {
    leader: { words: { command: bash(LEAD, ...server), args } },
    worker: { words: { command: bash(JOIN) } },
  }
}
