import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { HUB, HUB_MANAGER } from '../../api/names.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { ApiError } from '../../kube/api-error.ts'
import { objectPath } from '../../kube/resource.ts'
import type { CallOptions, Rest } from '../../kube/rest.ts'
import { unlessMissing } from '../unless-missing.ts'
import { isMadeBy } from './made-by.ts'

const contents = z.object({
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).nullish(),
})

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
     * Brings the copy of a Secret in line. It belongs to the copy with this UID, and goes with the last
     * one that it belongs to. A Secret that the hub has not made is left alone: it is the cluster's own.
     */
    async bring(
      name: string,
      owner: { kind: string; namespace: string; name: string; uid: string },
    ): Promise<void> {
      const { namespace } = owner
      const path = objectPath(KINDS.SharedSecret, namespace, name)
      const present = await rest.get(path, call).catch(unlessMissing)
      if (present !== undefined && !isMadeBy(hub.hubID, present)) return
      const found = contents.safeParse(await hub.rest.get(path, call))
      if (!found.success)
        throw new ApiError(0, 'MalformedReply', `${path} is not answered as an API server would`)
      const { type, data } = found.data
      const ownerReferences = [
        { apiVersion: API_VERSION, kind: owner.kind, name: owner.name, uid: owner.uid },
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
