/** What a reason of a condition of a ModelCache means, and what to do about it. */
interface StatusReasonText {
  readonly when: string
  readonly fix: string
}

const NOTHING = 'Nothing.'

/** Every reason that the conditions of a ModelCache may have. `docs/reasons.md` shows them. */
export const STATUS_REASONS = {
  ClaimBound: {
    when: 'Backend ExistingPVC: the claim is bound, and its volume can be mounted on many nodes.',
    fix: NOTHING,
  },
  ClaimLost: {
    when: 'Backend ExistingPVC: the claim has lost its volume.',
    fix: 'Restore the volume, or create the claim and the ModelCache again on another one.',
  },
  ClaimNotBound: {
    when: 'Backend ExistingPVC: the claim has no volume yet.',
    fix: 'See why with `kubectl describe pvc`; a claim whose class waits for its first consumer is bound when a pod mounts it.',
  },
  ClaimNotFound: {
    when: 'Backend ExistingPVC: there is no claim of that name in the namespace.',
    fix: 'Create the claim, or delete the ModelCache and create it again with the name of one that exists.',
  },
  ClaimNotShared: {
    when: 'Backend ExistingPVC: the volume can be mounted on one node at a time.',
    fix: 'Use a claim with access mode ReadWriteMany or ReadOnlyMany.',
  },
  ClaimReplaced: {
    when: 'The claim that was staged is gone, or another has its name.',
    fix: 'Delete the ModelCache and create it again, and the controller stages it again.',
  },
  ClaimTerminating: {
    when: 'Backend ExistingPVC: somebody has deleted the claim, and pods that mount it keep it until they end.',
    fix: 'Create a claim of another name, and a ModelCache for it.',
  },
  NotImplemented: {
    when: 'This version does not do what the ModelCache asks for.',
    fix: 'Use backend ExistingPVC.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type StatusReason = keyof typeof STATUS_REASONS
