import type { CelRule } from './cel-rule.ts'
import type { Reason } from './reasons.ts'
import { present, split } from './schema/cel.ts'

const TOPOLOGY = 'workers.topology'

export const SELECTOR_CEL = 'this version does not evaluate CEL; use matchLabels or matchExpressions'
export const PLACEMENT_SUM =
  'the replicas of all clusters must add up to spec.replicas; change both, or remove placement for an even split'

/** What a single ModelDeployment decides, as CEL over `spec`. It holds even if no webhook runs. */
export const modelDeploymentRules: CelRule[] = [
  {
    at: TOPOLOGY,
    rule: "self.strategy != 'TensorPipeline' || has(self.pipeline)",
    message: say(
      'DeploymentInvalid',
      'strategy TensorPipeline needs pipeline, the number of pods of each gang',
    ),
    fieldPath: '.pipeline',
    reason: 'FieldValueRequired',
  },
  {
    rule: `self.${TOPOLOGY}.strategy != 'TensorPipeline' || ${present('self', 'caches')} && self.caches.size() > 0`,
    message: say(
      'DeploymentInvalid',
      'strategy TensorPipeline needs a cache: pods of a gang that download by themselves may get different bytes',
    ),
    fieldPath: '.caches',
    reason: 'FieldValueRequired',
  },
  {
    at: TOPOLOGY,
    rule: "self.strategy == 'TensorPipeline' || !has(self.pipeline)",
    message: say('DeploymentInvalid', 'pipeline belongs to strategy TensorPipeline; remove it'),
    fieldPath: '.pipeline',
    reason: 'FieldValueForbidden',
  },
  {
    at: 'clusterSelector',
    rule: '!has(self.cel)',
    message: say('DeploymentInvalid', SELECTOR_CEL),
    fieldPath: '.cel',
    reason: 'FieldValueForbidden',
  },
  {
    rule: `!(${present('self', 'placement')}) || self.placement.map(p, p.replicas).sum() == self.replicas`,
    message: say('DeploymentInvalid', PLACEMENT_SUM),
    fieldPath: '.placement',
    reason: 'FieldValueInvalid',
  },
  ...['workers.resources.cpu', 'workers.resources.memory', 'engine.shmSize'].map(quantityRule),
  {
    at: 'engine',
    rule: `!has(self.env) || self.env.all(v, !v.name.contains('=') && v.name.matches('^[ -~]+$'))`,
    message: say('DeploymentInvalid', 'names of variables have printable ASCII characters and no ='),
    fieldPath: '.env',
    reason: 'FieldValueInvalid',
  },
  {
    at: 'workers',
    rule: `self.accelerator.matches('^[A-Za-z0-9][-A-Za-z0-9.]*/[A-Za-z0-9][-A-Za-z0-9_.]*$')`,
    message: say(
      'DeploymentInvalid',
      'must be the name of a resource with its domain, such as nvidia.com/gpu',
    ),
    fieldPath: '.accelerator',
    reason: 'FieldValueInvalid',
  },
]

/** Kubernetes: a quantity is an integer, or a text such as 32, 500m or 256Gi. */
function quantityRule(field: string): CelRule {
  const { at, name } = split(field)
  const value = `self.${name}`
  return {
    at,
    rule: `!has(${value}) || (type(${value}) == int ? int(${value}) >= 0 : isQuantity(string(${value})) && quantity(string(${value})).compareTo(quantity('0')) >= 0)`,
    message: say('DeploymentInvalid', 'must be a quantity, such as 32, 500m or 256Gi'),
    fieldPath: `.${name}`,
    reason: 'FieldValueInvalid',
  }
}

function say(reason: Reason, text: string): string {
  return `${reason}: ${text}`
}
