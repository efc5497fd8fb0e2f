import { z } from 'zod'
import { asOwner, controllerOf, type Owner, ownerReferences } from '../../api/kubernetes/metadata.ts'
import { LWS_API_VERSION } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import { text } from '../../api/schema/bounds.ts'
import { isNotFound } from '../../kube/api-error.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'

/**
 * What the controllers of Kubernetes and of LeaderWorkerSet create for others. Nobody else's kinds are read.
 */
const BETWEEN: Readonly<Record<string, { apiVersion: string; plural: string }>> = {
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments' },
  Job: { apiVersion: 'batch/v1', plural: 'jobs' },
  LeaderWorkerSet: { apiVersion: LWS_API_VERSION, plural: 'leaderworkersets' },
  // The workers of a gang belong to the pod of their leader.
  Pod: { apiVersion: 'v1', plural: 'pods' },
  ReplicaSet: { apiVersion: 'apps/v1', plural: 'replicasets' },
  StatefulSet: { apiVersion: 'apps/v1', plural: 'statefulsets' },
}

/** A worker of a gang has five above it: StatefulSet, Pod, StatefulSet, LeaderWorkerSet, ModelDeployment. */
const MAX_DEPTH = 8
const MAX_REMEMBERED = 20_000

const owned = z.object({
  metadata: z.object({ uid: text(256), ownerReferences: optional(ownerReferences) }),
})

/** The topmost owner of what this owner owns. */
export type TopOwner = (namespace: string, owner: Owner) => Promise<Owner>

/** An owner and all above it, the topmost one last. */
export type OwnersOf = (namespace: string, owner: Owner) => Promise<readonly [Owner, ...Owner[]]>

interface OwnerOptions {
  rest: Pick<Rest, 'get'>
  signal: AbortSignal
}

/** Finds topmost owners: of a ReplicaSet its Deployment, of a Job its CronJob. */
export function createTopOwner(options: OwnerOptions): TopOwner {
  const ownersOf = createOwnersOf(options)
  return async (namespace, owner) => (await ownersOf(namespace, owner)).at(-1) ?? owner
}

/** Finds the owners of owners. Each object is read once, because an owner does not change. */
export function createOwnersOf({ rest, signal }: OwnerOptions): OwnersOf {
  const known = new Map<string, Promise<Owner | undefined>>()
  const above = (namespace: string, owner: Owner): Promise<Owner | undefined> => {
    const found = known.get(owner.uid)
    if (found !== undefined) return found
    const asked = readOwner(rest, namespace, owner, signal)
    known.set(owner.uid, asked)
    asked.catch(() => known.delete(owner.uid))
    const [oldest] = known.keys()
    if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest)
    return asked
  }
  return async (namespace, owner) => {
    const owners: [Owner, ...Owner[]] = [owner]
    let next = await above(namespace, owner)
    for (let depth = 1; next !== undefined && depth < MAX_DEPTH; depth++) {
      owners.push(next)
      next = await above(namespace, next)
    }
    return owners
  }
}

/** The controller of an object; undefined if it has none, or if the object is gone. */
async function readOwner(
  rest: Pick<Rest, 'get'>,
  namespace: string,
  { kind, name, uid }: Owner,
  signal: AbortSignal,
): Promise<Owner | undefined> {
  const resource = Object.hasOwn(BETWEEN, kind) ? BETWEEN[kind] : undefined
  if (resource === undefined) return undefined
  try {
    const { metadata } = owned.parse(await rest.get(objectPath(resource, namespace, name), { signal }))
    // Another object of that name.
    return metadata.uid === uid ? asOwner(controllerOf(metadata)) : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
