import { z } from 'zod'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import { controllerOf, ownerReferences } from '../../api/kubernetes/metadata.ts'
import type { ServingObject } from '../../api/kubernetes/serving-objects.ts'
import type { DeploymentCause } from '../../api/modeldeployment-reasons.ts'
import { FIELD_MANAGER } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import { foreign } from '../../api/schema/text.ts'
import { ApiError, isConflict, isNotFound } from '../../kube/api-error.ts'
import type { Rest } from '../../kube/rest.ts'

const MAX_MESSAGE = 512

/** One object of a deployment: where it is, what is known of it, and what it must be. */
export interface Part {
  kind: string
  path: string
  known: ServingObject | undefined
  body: () => { metadata: object }
}

export interface ApplyPartOptions {
  rest: Pick<Rest, 'apply' | 'delete' | 'get'>
  signal: AbortSignal
}

const stored = z.object({
  metadata: z.object({ uid: z.string(), ownerReferences: optional(ownerReferences) }),
})

/**
 * Brings one object in line. An object of that name that somebody else made is never touched. Fields that
 * others have set on ours stay, and ours are put back.
 *
 * @returns why it cannot be done
 * @throws ApiError for errors that may pass, such as an API server that does not answer
 */
export async function applyPart(
  deployment: KnownDeployment,
  { kind, path, known, body }: Part,
  { rest, signal }: ApplyPartOptions,
): Promise<DeploymentCause | undefined> {
  const present = known ?? (await read(rest, path, signal))
  if (present !== undefined && controllerOf(present.metadata)?.uid !== deployment.metadata.uid)
    return {
      reason: 'NameTaken',
      message: `there is a ${kind} ${deployment.metadata.name} that belongs to somebody else; delete it, or give the ModelDeployment another name`,
    }
  const { metadata, ...others } = body()
  // With the UID, another object of that name is never changed.
  const object = { ...others, metadata: { ...metadata, ...(present && { uid: present.metadata.uid }) } }
  try {
    await rest.apply(path, object, { fieldManager: FIELD_MANAGER, force: true, signal })
    return undefined
  } catch (error) {
    if (isNotFound(error))
      return {
        reason: 'KindMissing',
        message: `this cluster has no ${kind}s; install them, or choose strategy Tensor`,
      }
    if (!(error instanceof ApiError) || ![400, 403, 422].includes(error.status)) throw error
    return {
      reason: 'Rejected',
      message: `the API server rejects the ${kind}: ${foreign(error.message, MAX_MESSAGE)}`,
    }
  }
}

/**
 * Deletes an object that the deployment no longer needs, and its pods. Somebody else's is left alone.
 *
 * @throws ApiError for errors that may pass
 */
export async function removePart(
  deployment: KnownDeployment,
  { path, known }: Pick<Part, 'path' | 'known'>,
  { rest, signal }: ApplyPartOptions,
): Promise<void> {
  if (known === undefined || controllerOf(known.metadata)?.uid !== deployment.metadata.uid) return
  try {
    await rest.delete(path, { uid: known.metadata.uid, propagation: 'Background', signal })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

async function read(rest: Pick<Rest, 'get'>, path: string, signal: AbortSignal) {
  try {
    return stored.parse(await rest.get(path, { signal }))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
