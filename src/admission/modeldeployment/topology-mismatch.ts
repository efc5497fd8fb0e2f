import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { askedParallelism, withParallelism } from '../../deployment/parallelism.ts'
import { type Finding, warning } from '../finding.ts'

/** The engine is told another number of accelerators than its pods get. */
export function topologyMismatch({ spec: { engine, workers } }: ModelDeployment): Finding[] {
  const { strategy, tensor, pipeline = 1 } = workers.topology
  const isGang = strategy === 'TensorPipeline'
  const asked = askedParallelism(isGang ? withParallelism(engine, { tensor, pipeline }) : engine)
  const said = [asked.tensor, asked.pipeline].filter(found => found !== undefined)
  // On CPUs an engine has as many parts as it likes. And engines disagree on whether copies of a model share
  // accelerators.
  if (said.length === 0 || tensor === 0 || asked.data !== undefined) return []
  const needed = said.reduce((product, { value }) => product * value, 1)
  const given = isGang ? tensor * pipeline : tensor
  if (needed === given) return []
  const flags = said.map(({ text }) => text).join(' ')
  const where = isGang ? `the ${pipeline} pods of each gang` : 'each pod'
  const field = `spec.workers.topology${isGang ? '' : '.tensor'}`
  const text = `${flags} needs ${needed} accelerators in ${where}, and ${field} gives ${given}`
  return [warning('TopologyMismatch', field, text)]
}
