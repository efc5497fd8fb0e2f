import { parseQuantity } from '../../api/kubernetes/quantity.ts'
import type { ModelDeployment } from '../../api/modeldeployment.ts'
import { PLACEMENT_SUM, SELECTOR_CEL } from '../../api/modeldeployment-rules.ts'
import { quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { chooseGangBootstrap } from '../../deployment/bootstrap/choose.ts'
import { templateProblem } from '../../deployment/pod-template.ts'
import { error, type Finding } from '../finding.ts'

const RESOURCE = /^[A-Za-z0-9][-A-Za-z0-9.]*\/[A-Za-z0-9][-A-Za-z0-9_.]*$/
const VARIABLE = /^[ -<>-~]+$/

/**
 * What a ModelDeployment says about itself: the same as the CEL in its CRD, and the shape of its template.
 */
export function consistent(deployment: ModelDeployment): Finding[] {
  const { workers, engine, caches, clusterSelector } = deployment.spec
  const { strategy, pipeline } = workers.topology
  const isGang = strategy === 'TensorPipeline'
  const start = chooseGangBootstrap(deployment)
  const problems: [field: string, text: string | undefined][] = [
    ['workers.topology.pipeline', pipelineProblem(isGang, pipeline)],
    [
      'caches',
      isGang && (caches ?? []).length === 0
        ? 'strategy TensorPipeline needs a cache: pods of a gang that download by themselves may get different bytes'
        : undefined,
    ],
    ['clusterSelector.cel', clusterSelector?.cel === undefined ? undefined : SELECTOR_CEL],
    ['placement', isPlacedInFull(deployment) ? undefined : PLACEMENT_SUM],
    ['engine.bootstrap', start && 'problem' in start ? start.problem : undefined],
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
  const name = nameProblem(deployment.metadata.name, isGang)
  return name === undefined ? found : [error(violation('DeploymentInvalid', 'metadata.name', name)), ...found]
}

function isPlacedInFull({ spec: { placement, replicas } }: ModelDeployment): boolean {
  return placement === undefined || placement.reduce((sum, each) => sum + each.replicas, 0) === replicas
}

function pipelineProblem(isGang: boolean, pipeline: number | undefined): string | undefined {
  if (isGang && pipeline === undefined)
    return 'strategy TensorPipeline needs pipeline, the number of pods of each gang'
  return !isGang && pipeline !== undefined
    ? 'pipeline belongs to strategy TensorPipeline; remove it'
    : undefined
}

/** Kubernetes: the name of a Service is a DNS label that starts with a letter (RFC 1035). */
const SERVICE = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const MAX_SERVICE = 63
/**
 * The StatefulSet of the workers of gang 9999 is called NAME-9999, and its pods have a label with its name
 * and a hash of ten characters, which has at most 63.
 */
const MAX_GANG = MAX_SERVICE - '-9999'.length - 11

function nameProblem(name: string, isGang: boolean): string | undefined {
  const max = isGang ? MAX_GANG : MAX_SERVICE
  if (name.length > max)
    return `it has ${name.length} characters; its ${isGang ? 'LeaderWorkerSet' : 'Service'} may have ${max}`
  return SERVICE.test(name)
    ? undefined
    : `${quote(name)} cannot be the name of its Service; use lowercase letters, digits and dashes, and start with a letter`
}

function quantityProblem(value: string | number | undefined): string | undefined {
  if (value === undefined) return undefined
  const parsed = parseQuantity(value)
  return parsed === undefined || parsed < 0n
    ? `${quote(String(value))} must be a quantity, such as 32, 500m or 256Gi`
    : undefined
}
