/** Annotation that LeaderWorkerSet puts on every worker pod of a gang. */
export const LEADER_NAME = 'leaderworkerset.sigs.k8s.io/leader-name'

/** The name of the leader of a worker pod, by the annotations of that. Undefined: the pod is no worker. */
export function leaderName(
  annotations: Readonly<Record<string, string>> | null | undefined,
): string | undefined {
  return annotations?.[LEADER_NAME] || undefined
}
