import { objectName } from '../schema/object-name.ts'

/** Annotation that LeaderWorkerSet puts on every worker pod of a gang. */
export const LEADER_NAME = 'leaderworkerset.sigs.k8s.io/leader-name'

/** The name of the leader of a worker pod, by the annotations of that. Undefined: the pod is no worker. */
export function leaderName(
  annotations: Readonly<Record<string, string | undefined>> | null | undefined,
): string | undefined {
  const given = annotations?.[LEADER_NAME]
  // Anybody can write the annotation, and what is no name must not become a part of a path.
  return given === undefined ? undefined : objectName.safeParse(given).data
}
