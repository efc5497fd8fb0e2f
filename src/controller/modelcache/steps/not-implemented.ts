import { goOn, notReady, type Step, type StepResult } from '../step.ts'

/**
 * Says by name what the API has and this version cannot do. Admission denies most of it, but an older object
 * may still ask for it.
 */
export const notImplemented: Step = ({ cache: { spec } }) => {
  const { backend } = spec.storage
  if (backend !== 'PVC' && backend !== 'ExistingPVC')
    return blocked(`this version does not support backend ${backend}; use backend PVC or ExistingPVC`)
  return goOn()
}

function blocked(message: string): StepResult {
  return notReady({ reason: 'NotImplemented', message }, 'Failed')
}
