/** Annotation that LeaderWorkerSet puts on every worker pod of a gang: the name of its leader pod. */
export const LEADER_NAME = 'leaderworkerset.sigs.k8s.io/leader-name'
