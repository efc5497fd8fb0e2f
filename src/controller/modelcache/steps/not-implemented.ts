import type { Step } from '../step.ts'

/** What the API has and this version cannot do is said by name. Admission rejects most of it; an older object may still ask for it. */
export const notImplemented: Step = ({ cache: { spec } }) => {
  const { backend } = spec.storage
  const source = Object.keys(spec.artifact.source ?? {})[0]
  if (backend !== 'PVC')
    return blocked(`this version does not stage backend ${backend}; use backend PVC or ExistingPVC`)
  if (source !== undefined && !HYDRATED.includes(source))
    return blocked(`this version does not hydrate source ${source}; use ${HYDRATED.join(', ')}`)
  return {}
}

const HYDRATED = ['huggingFace', 'http', 'inline', 'configMap']

function blocked(message: string) {
  return { blocked: { reason: 'NotImplemented', message, phase: 'Failed' } } as const
}
