import type { Step } from '../step.ts'
import { claimState } from './claim-state.ts'

/** Backend ExistingPVC is Ready when the claim that people filled can be mounted. */
export const existingClaim: Step = ({ cache: { spec }, claim, claimClass, volume }) => {
  const { backend, existingPVC: reference } = spec.storage
  if (backend !== 'ExistingPVC' || reference === undefined) return {}
  const { ready, ...verdict } = claimState(reference.name, claim, { storageClass: claimClass, volume })
  const size = claim?.status?.capacity?.storage
  const status = {
    claimName: reference.name,
    ...(claim?.metadata.uid !== undefined && { claimUID: claim.metadata.uid }),
    ...(size !== undefined && { size: String(size) }),
  }
  return { status, ...(ready ? { ready: verdict } : { blocked: { ...verdict, phase: 'Pending' } }) }
}
