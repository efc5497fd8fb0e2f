import { objectName } from '../schema/object-name.ts'

/** Annotation that LeaderWorkerSet puts on every worker pod of a gang. */
export const LEADER_NAME = 'leaderworkerset.sigs.k8s.io/leader-name'

/**
 * The name of the leader of a worker pod, from the worker's annotations; undefined if the pod is not a
 * worker.
 */
export function leaderName(
  annotations: Readonly<Record<string, string | undefined>> | null | undefined,
): string | undefined {
  const given = annotations?.[LEADER_NAME]
  // Anybody can write the annotation, and only a valid name may become part of a path.
  return given === undefined ? undefined : objectName.safeParse(given).data
}
