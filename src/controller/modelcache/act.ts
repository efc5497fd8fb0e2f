import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { FIELD_MANAGER } from '../../api/field-managers.ts'
import { API_VERSION } from '../../api/group.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Recorder } from '../../kube/events.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import type { Plan } from './plan.ts'

export interface Acting {
  rest: Pick<Rest, 'apply'>
  recorder: Recorder
  logger: Logger
  signal: AbortSignal
}

/**
 * Does what a plan says, and is the only one who writes about a cache: a forced apply removes what the same field manager wrote before and
 * leaves out now. First the whole status, where it differs; then the Events.
 */
export async function act(cache: ModelCache, plan: Plan, { rest, recorder, logger, signal }: Acting) {
  const { namespace = '', name, uid, resourceVersion } = cache.metadata
  if (!isStored(plan.status, cache)) {
    await rest.apply(
      `${objectPath(KINDS.ModelCache, namespace, name)}/status`,
      {
        apiVersion: API_VERSION,
        kind: 'ModelCache',
        // The version makes a decision from a stale look fail instead of overwriting what came after it.
        metadata: { name, namespace, resourceVersion },
        status: plan.status,
      },
      { fieldManager: FIELD_MANAGER, force: true, signal },
    )
    logger.info({ namespace, name, phase: plan.status.phase, was: cache.status?.phase }, 'status applied')
  }
  for (const occurrence of plan.events)
    await recorder.tell({ apiVersion: API_VERSION, kind: 'ModelCache', namespace, name, uid }, occurrence)
}

/** Absent and undefined members are the same on the wire. */
function isStored(status: ModelCacheStatus, cache: ModelCache): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(status)), cache.status)
}
