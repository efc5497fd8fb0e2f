import type { ReasonText } from './reason-text.ts'

/** Reasons for ModelDeployments. */
export const MODELDEPLOYMENT_REASONS = {
  AcceleratorsExceedNode: {
    says: 'warned',
    who: 'author',
    when: 'A warning: each pod of a ModelDeployment asks for more accelerators than any node of this cluster has, or for a kind that none has.',
    example:
      'each pod gets 8 of nvidia.com/gpu, and no node of this cluster has more than 4 of nvidia.com/gpu; pods wait until such a node joins',
    fix: 'Ask for fewer in `spec.workers.topology.tensor`, and spread the model over several pods with strategy TensorPipeline. If an autoscaler adds such nodes, ignore the warning.',
  },
  DeploymentForbidden: {
    says: 'denied',
    who: 'author',
    when: 'A user creates or changes a ModelDeployment without the right to create Deployments in its namespace. The controller would create one for that user. A policy denies this, with or without the webhook.',
    example:
      'whoever applies a ModelDeployment must be allowed to create Deployments in its namespace; ask an administrator of the namespace for that right, or to apply this ModelDeployment',
    fix: 'Ask for that right (`kubectl auth can-i create deployments`), or ask somebody who has it to apply the ModelDeployment.',
  },
  DeploymentInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A ModelDeployment contradicts itself, or a value has a form that no pod could have: a pipeline without strategy TensorPipeline, a quantity, the name of a variable or of a resource.',
    fix: 'Correct the field that the message names.',
  },
  TopologyMismatch: {
    says: 'warned',
    who: 'author',
    when: 'The arguments of the engine ask for another number of accelerators than `spec.workers.topology` gives to each pod.',
    fix: 'Make both the same. The engine waits for accelerators that it never gets, or leaves some idle.',
  },
} as const satisfies Record<string, ReasonText>
