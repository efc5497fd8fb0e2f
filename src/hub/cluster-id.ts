import { z } from 'zod'
import { foreign } from '../api/schema/text.ts'
import { KINDS } from '../cluster/kinds.ts'
import { ApiError } from '../kube/api-error.ts'
import { objectPath } from '../kube/resource.ts'
import type { GetOptions, Rest } from '../kube/rest.ts'

const identified = z.object({ metadata: z.object({ uid: z.string() }) })

/** Where the API server says which cluster it is. Namespace kube-system lives as long as its cluster. */
export const IDENTITY_PATH = objectPath(KINDS.Namespace, undefined, 'kube-system')

/**
 * The UID of a cluster, which no other one has.
 *
 * @throws ApiError if the API server does not say it.
 */
export async function readClusterID(rest: Pick<Rest, 'get'>, options: GetOptions): Promise<string> {
  const parsed = identified.safeParse(await rest.get(IDENTITY_PATH, options))
  if (parsed.success) return foreign(parsed.data.metadata.uid, 128)
  throw new ApiError(0, 'MalformedReply', `${IDENTITY_PATH} is not answered as an API server would`)
}
