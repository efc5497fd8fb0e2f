import type { Step } from '../step.ts'

/** This version stages nothing: backends but ExistingPVC are rejected by name. */
export const notStaged: Step = ({ cache: { spec } }) => {
  const message = `this version does not stage backend ${spec.storage.backend}; backend ExistingPVC works`
  return { blocked: { reason: 'NotImplemented', message, phase: 'Pending' } }
}
