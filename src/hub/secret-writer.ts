import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { ModelCache } from '../api/modelcache.ts'
import { HUB, HUB_MANAGER } from '../api/names.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { askSource } from '../api/sources.ts'
import { KINDS } from '../cluster/kinds.ts'
import { objectPath } from '../kube/resource.ts'
import type { CallOptions, Rest } from '../kube/rest.ts'
import { isMadeBy } from './made-by.ts'
import { unlessMissing } from './unless-missing.ts'

const contents = z.object({
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).nullish(),
})

/** The Secret that the Job of a ModelCache reads. */
export function secretOf({ spec }: ModelCache): string | undefined {
  return askSource(spec.artifact.source, (type, source) => type.secret?.(source)?.name)
}

export interface SecretWriterOptions {
  readonly hub: { readonly hubID: string; readonly rest: Pick<Rest, 'get'> }
  /** The API of the other cluster. */
  readonly rest: Pick<Rest, 'apply' | 'get'>
  readonly logger: Logger
  readonly call: CallOptions
}

/** Copies Secrets to one other cluster. All that it throws is ApiError. */
export function createSecretWriter({ hub, rest, logger, call }: SecretWriterOptions) {
  return {
    /**
     * Brings the copy of a Secret in line. The copy belongs to the copy of the ModelCache with this UID, and
     * goes with the last one that it belongs to. A Secret that the hub has not made is left alone: it is the
     * cluster's own, and the ModelCache there uses it.
     */
    async bring(name: string, owner: { namespace: string; name: string; uid: string }): Promise<void> {
      const { namespace } = owner
      const path = objectPath(KINDS.SharedSecret, namespace, name)
      const present = await rest.get(path, call).catch(unlessMissing)
      if (present !== undefined && !isMadeBy(hub.hubID, present)) return
      const { type, data } = contents.parse(await hub.rest.get(path, call))
      const ownerReferences = [
        { apiVersion: API_VERSION, kind: KINDS.ModelCache.kind, name: owner.name, uid: owner.uid },
      ]
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace, labels: { [HUB]: hub.hubID }, ownerReferences },
        type,
        data: data ?? {},
      }
      await rest.apply(path, body, { ...call, fieldManager: managerFor(owner.name), force: true })
      logger.info({ namespace, secret: name }, 'Secret copied')
    },
  }
}

/** With a manager for each owner, an apply for one leaves the references to the others. */
function managerFor(owner: string): string {
  return `${HUB_MANAGER}-${createHash('sha256').update(owner).digest('hex').slice(0, 32)}`
}
