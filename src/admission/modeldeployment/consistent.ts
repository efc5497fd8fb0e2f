import { parseQuantity } from '../../api/kubernetes/quantity.ts'
import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { templateProblem } from '../../deployment/pod-template.ts'
import { error, type Finding } from '../finding.ts'

const RESOURCE = /^[A-Za-z0-9][-A-Za-z0-9.]*\/[A-Za-z0-9][-A-Za-z0-9_.]*$/
const VARIABLE = /^[ -<>-~]+$/

/**
 * What a ModelDeployment says about itself: the same as the CEL in its CRD, and the shape of its template.
 */
export function consistent(deployment: ModelDeployment): Finding[] {
  const { workers, engine } = deployment.spec
  const { strategy, pipeline } = workers.topology
  const problems: [field: string, text: string | undefined][] = [
    [
      'workers.topology.pipeline',
      strategy !== 'TensorPipeline' && pipeline !== undefined
        ? 'pipeline belongs to strategy TensorPipeline; remove it'
        : undefined,
    ],
    ['workers.resources.cpu', quantityProblem(workers.resources?.cpu)],
    ['workers.resources.memory', quantityProblem(workers.resources?.memory)],
    ['engine.shmSize', quantityProblem(engine.shmSize)],
    [
      'engine.env',
      engine.env?.every(({ name }) => VARIABLE.test(name)) === false
        ? 'names of variables have printable ASCII characters and no ='
        : undefined,
    ],
    [
      'workers.accelerator',
      RESOURCE.test(workers.accelerator)
        ? undefined
        : 'must be the name of a resource with its domain, such as nvidia.com/gpu',
    ],
    ['workers.template', templateProblem(deployment)],
  ]
  const found = problems.flatMap(([field, text]) =>
    text === undefined ? [] : [error(violation('DeploymentInvalid', `spec.${field}`, text))],
  )
  return strategy === 'TensorPipeline' ? [notImplemented(strategy), ...found] : found
}

function notImplemented(strategy: string): Finding {
  const text = `${strategy} is not implemented; use Tensor, or a LeaderWorkerSet of your own`
  return error(violation('NotImplemented', 'spec.workers.topology.strategy', text))
}

function quantityProblem(value: string | number | undefined): string | undefined {
  if (value === undefined) return undefined
  const parsed = parseQuantity(value)
  return parsed === undefined || parsed < 0n
    ? `${quote(String(value))} must be a quantity, such as 32, 500m or 256Gi`
    : undefined
}
