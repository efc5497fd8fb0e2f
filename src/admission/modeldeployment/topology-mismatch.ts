import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { type Finding, warning } from '../finding.ts'

/** How engines call the number of accelerators that share each layer, `_` written as `-`. */
const TENSOR_FLAGS = ['--tensor-parallel-size', '-tp', '--tp', '--tp-size', '--num-shard']
/** And the number of groups that the layers are spread over. */
const PIPELINE_FLAGS = ['--pipeline-parallel-size', '-pp', '--pp', '--pp-size']

/** The engine is told another number of accelerators than its pods get. */
export function topologyMismatch({ spec: { engine, workers } }: ModelDeployment): Finding[] {
  const words = [...(engine.command ?? []), ...(engine.args ?? [])]
  const { tensor } = workers.topology
  const asked = numberAfter(words, TENSOR_FLAGS)
  const groups = numberAfter(words, PIPELINE_FLAGS)
  const needed = (asked?.value ?? 1) * (groups?.value ?? 1)
  const [said] = [asked, groups].filter(found => found !== undefined)
  if (said === undefined || needed === tensor) return []
  const flags = [asked, groups].flatMap(found => found?.text ?? []).join(' ')
  const text = `${flags} needs ${needed} accelerators in each pod, and spec.workers.topology.tensor gives ${tensor}`
  return [warning('TopologyMismatch', 'spec.workers.topology.tensor', text)]
}

interface Found {
  value: number
  text: string
}

/** The number that the last of these flags has: `--flag=8` or `--flag 8`. */
function numberAfter(words: readonly string[], flags: readonly string[]): Found | undefined {
  let found: Found | undefined
  for (const [index, word] of words.entries()) {
    const [flag = '', own] = word.split('=', 2)
    if (!flags.includes(flag.replaceAll('_', '-'))) continue
    const value = own ?? words[index + 1]
    if (value !== undefined && /^\d{1,4}$/.test(value))
      found = { value: Number(value), text: `${flag}=${value}` }
  }
  return found
}
