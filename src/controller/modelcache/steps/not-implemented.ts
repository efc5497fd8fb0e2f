import { namesOf, SOURCES, STAGED_NAMES } from '../../../api/sources.ts'
import { goOn, notReady, type Step, type StepResult } from '../step.ts'

/**
 * Says by name what the API has and this version cannot do. Admission denies most of it, but an older object
 * may still ask for it.
 */
export const notImplemented: Step = ({ cache: { spec } }) => {
  const { backend } = spec.storage
  const [source] = namesOf(spec.artifact.source)
  if (backend !== 'PVC')
    return blocked(`this version does not support backend ${backend}; use backend PVC or ExistingPVC`)
  if (source !== undefined && !SOURCES[source].isStaged)
    return blocked(`this version does not support source ${source}; use ${STAGED_NAMES.join(', ')}`)
  return goOn()
}

function blocked(message: string): StepResult {
  return notReady({ reason: 'NotImplemented', message }, 'Failed')
}
