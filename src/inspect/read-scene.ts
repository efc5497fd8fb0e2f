import { z } from 'zod'
import { ignoredKeys, isControlled } from '../admission/ignored-keys.ts'
import { cacheReferences } from '../admission/pod/references.ts'
import { valueAt } from '../admission/value-at.ts'
import { bearingsOf } from '../admission/workload/bearings.ts'
import { podTemplates } from '../admission/workload/pod-templates.ts'
import { managedName } from '../api/managed-name.ts'
import { modelCache } from '../api/modelcache.ts'
import { CACHES } from '../api/names.ts'
import { optional } from '../api/schema/absent.ts'
import { GROUP } from '../api/schema/group.ts'
import { isForbidden, isNotFound } from '../kube/api-error.ts'
import { collectionPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import {
  type SeenEvent,
  type SeenMaker,
  type SeenPod,
  seenClaim,
  seenDeployment,
  seenEvent,
  seenJob,
  seenMaker,
  seenPod,
} from './objects.ts'
import type { CacheScene, Scene, Split } from './scene.ts'
import type { Target, TargetKind } from './targets.ts'

/** The part of the API that a scene is read through. */
export type Reader = Pick<Rest, 'get'>

/** Kinds between a workload and its pods. */
const MAKERS = [
  { apiVersion: 'apps/v1', plural: 'deployments' },
  { apiVersion: 'apps/v1', plural: 'statefulsets' },
  { apiVersion: 'apps/v1', plural: 'replicasets' },
  { apiVersion: 'batch/v1', plural: 'jobs' },
  { apiVersion: 'leaderworkerset.x-k8s.io/v1', plural: 'leaderworkersets' },
]
const PODS = { apiVersion: 'v1', plural: 'pods' }
const CLAIMS = { apiVersion: 'v1', plural: 'persistentvolumeclaims' }
const JOBS = { apiVersion: 'batch/v1', plural: 'jobs' }
const EVENTS = { apiVersion: 'v1', plural: 'events' }

/** Events of this many objects are read. */
const MAX_TOLD = 24
/** And this many of each. */
const MAX_EVENTS = 50
/** The API server sends this many objects at once. */
const PAGE = 500
/** A namespace with more objects of a kind than this is not read to its end. */
const MAX_PAGES = 20

/**
 * Reads everything that has to do with a target.
 *
 * @throws Error if there is no such object, ApiError if the API server cannot be asked
 */
export async function readScene(api: Reader, namespace: string, target: Target): Promise<Scene> {
  const found = await findTarget(api, namespace, target)
  const { kind, resource, object } = found
  if (resource === 'modelcaches') return sceneOfCache(api, namespace, target.name)
  const isPod = resource === 'pods'
  const templates = isPod ? [{ path: '', raw: object }] : podTemplates(resource, object)
  const maker = seenMaker.parse({ ...Object(object), kind })
  const { makers, pods } = isPod
    ? { makers: [], pods: [seenPod.parse(object)] }
    : await createdBy(api, namespace, maker)
  const asking =
    resource === 'modeldeployments'
      ? [{ path: 'spec.caches', caches: namedCaches(object) }]
      : templates.map(({ path, raw }) => ({ path, caches: cachesOf(raw) }))
  const split = resource === 'modeldeployments' ? splitOf(object) : undefined
  const names = new Set([...asking.flatMap(({ caches }) => caches), ...pods.flatMap(cachesOf)])
  const caches = await Promise.all([...names].map(name => readCache(api, namespace, name)))
  return {
    namespace,
    // What is wanted here is for the hub to say.
    target: { kind, name: target.name, replicas: split === undefined ? maker.spec?.replicas : undefined },
    split,
    templates: asking,
    ignored: ignoredOn(object, isPod, resource),
    makers,
    pods,
    caches,
    events: await readEvents(api, namespace, [...makers, ...pods, ...caches.flatMap(objectsOf)]),
  }
}

async function sceneOfCache(api: Reader, namespace: string, name: string): Promise<Scene> {
  const cache = await readCache(api, namespace, name)
  const target = { kind: 'ModelCache', name, replicas: undefined }
  const events = await readEvents(api, namespace, objectsOf(cache))
  const split = undefined
  return {
    namespace,
    target,
    split,
    templates: [],
    ignored: [],
    makers: [],
    pods: [],
    caches: [cache],
    events,
  }
}

async function findTarget(api: Reader, namespace: string, { name, kinds }: Target) {
  for (const each of kinds) {
    const apiVersion = await versionOf(api, each)
    if (apiVersion === undefined) continue
    const path = pathOf({ apiVersion, plural: each.resource }, namespace, name)
    // If one kind was said, its user must learn that it may not be read.
    const object = await (kinds.length === 1 ? orAbsent(api.get(path)) : orUndefined(api.get(path)))
    if (object !== undefined) return { ...each, object }
  }
  const what = kinds.length === 1 ? kinds[0]?.kind : 'pod, workload or ModelCache'
  throw new Error(
    `there is no ${what} ${name} in namespace ${namespace}; see: kubectl -n ${namespace} get pods,deployments,leaderworkersets,modelcaches`,
  )
}

const groupReply = z.object({ preferredVersion: z.object({ groupVersion: z.string().max(512) }) })

/** The version of a kind in this cluster; undefined if it has no such group. */
async function versionOf(api: Reader, { group }: TargetKind): Promise<string | undefined> {
  if (group === '') return 'v1'
  const reply = await orUndefined(api.get(`/apis/${group}`))
  return groupReply.safeParse(reply).data?.preferredVersion.groupVersion
}

/** The caches that a ModelDeployment names. */
function namedCaches(object: unknown): readonly string[] {
  return seenDeployment.safeParse(object).data?.spec.caches?.map(({ name }) => name) ?? []
}

/** How a ModelDeployment is split over clusters, if a hub does that. */
function splitOf(object: unknown): Split | undefined {
  const { clusters, conditions = [] } = seenDeployment.safeParse(object).data?.status ?? {}
  if (clusters === undefined) return undefined
  const available = conditions.find(({ type }) => type === 'Available')
  const message = available?.message ?? 'the hub has not said yet how it is doing'
  return { clusters, isAvailable: available?.status === 'True', message }
}

/** The names in the annotation of a pod or a template; none if it cannot be read. */
function cachesOf(object: unknown): readonly string[] {
  const annotations = valueAt(object, 'metadata.annotations')
  const asked =
    typeof annotations === 'object' && annotations !== null
      ? (annotations as Record<string, unknown>)[CACHES]
      : undefined
  return typeof asked === 'string' ? (cacheReferences(asked).value ?? []) : []
}

function ignoredOn(object: unknown, isPod: boolean, resource: string): string[] {
  if (isControlled(object)) return []
  const bearings = isPod
    ? [{ bearer: 'pod', path: '', raw: object } as const]
    : bearingsOf(object, podTemplates(resource, object))
  return ignoredKeys(bearings).map(({ violation: { reason, text } }) => `${reason}: ${text}`)
}

/** What a workload creates: the pods, and what stands between. Each object names the one that controls it. */
async function createdBy(
  api: Reader,
  namespace: string,
  root: SeenMaker,
): Promise<{ makers: SeenMaker[]; pods: SeenPod[] }> {
  const [pods, ...others] = await Promise.all([
    listOf(api, namespace, PODS, seenPod),
    ...MAKERS.map(each => listOf(api, namespace, each, seenMaker)),
  ])
  const makers = [root]
  const known = new Set([root.metadata.uid])
  const candidates = others.flat()
  // A chain has three links at most: a LeaderWorkerSet, StatefulSets of leaders, and those of workers.
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next = candidates.filter(each => !known.has(each.metadata.uid) && isMadeBy(each, known))
    for (const each of next) known.add(each.metadata.uid)
    makers.push(...next)
  }
  const made = [...pods.filter(pod => isMadeBy(pod, known))]
  // The leader of a gang owns the StatefulSet of its workers.
  const leaders = new Set(made.map(({ metadata }) => metadata.uid))
  const ofLeaders = candidates.filter(each => isMadeBy(each, leaders))
  const followers = new Set(ofLeaders.map(({ metadata }) => metadata.uid))
  return {
    makers: [...makers, ...ofLeaders],
    pods: [...made, ...pods.filter(pod => isMadeBy(pod, followers))],
  }
}

const MAX_DEPTH = 4

function isMadeBy({ metadata }: Pick<SeenMaker, 'metadata'>, uids: ReadonlySet<string>): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uids.has(uid)) === true
  )
}

/** A cache with its claim, its Job and the pods of that. */
export async function readCache(api: Reader, namespace: string, name: string): Promise<CacheScene> {
  const path = pathOf({ apiVersion: `${GROUP}/v1alpha1`, plural: 'modelcaches' }, namespace, name)
  const raw = await orUndefined(api.get(path))
  const cache = modelCache.safeParse(raw).data
  if (cache === undefined)
    return { name, cache, claimName: undefined, claim: undefined, job: undefined, pods: [] }
  const { spec, status } = cache
  const claimName = status?.claimName ?? spec.storage.existingPVC?.name ?? managedName(name)
  const jobName = status?.hydration?.jobName ?? managedName(name)
  const [claim, job, pods] = await Promise.all([
    orUndefined(api.get(pathOf(CLAIMS, namespace, claimName))),
    orUndefined(api.get(pathOf(JOBS, namespace, jobName))),
    listOf(api, namespace, PODS, seenPod, { labelSelector: `batch.kubernetes.io/job-name=${jobName}` }),
  ])
  return {
    name,
    cache,
    claimName,
    claim: seenClaim.safeParse(claim).data,
    job: seenJob.safeParse(job).data,
    pods,
  }
}

/** The objects whose events explain a cache. */
export function objectsOf({
  cache,
  claim,
  job,
  pods,
}: CacheScene): { metadata: { uid?: string | undefined } }[] {
  return [cache, claim, job, ...pods].filter(each => each !== undefined)
}

/** The events of each object, by its UID. */
export async function readEvents(
  api: Reader,
  namespace: string,
  objects: readonly { metadata: { uid?: string | undefined } }[],
): Promise<Map<string, readonly SeenEvent[]>> {
  const uids = [...new Set(objects.flatMap(({ metadata }) => metadata.uid ?? []))].slice(0, MAX_TOLD)
  const read = async (uid: string): Promise<[string, readonly SeenEvent[]]> => {
    const query = { fieldSelector: `involvedObject.uid=${uid}`, limit: MAX_EVENTS }
    const reply = await orUndefined(api.get(collectionPath(EVENTS, namespace), { query }))
    return [uid, itemsOf(reply, seenEvent)]
  }
  return new Map(await Promise.all(uids.map(read)))
}

const page = z.object({
  metadata: optional(z.object({ continue: optional(z.string()) })),
  items: optional(z.array(z.unknown())),
})

/** The objects of a kind, as far as they can be read. Kinds that the cluster lacks have none. */
async function listOf<T>(
  api: Reader,
  namespace: string,
  resource: Parameters<typeof collectionPath>[0],
  schema: z.ZodType<T>,
  { labelSelector }: { labelSelector?: string } = {},
): Promise<T[]> {
  const found: T[] = []
  let token: string | undefined
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const query = { limit: PAGE, continue: token, labelSelector }
    const reply = await orUndefined(api.get(collectionPath(resource, namespace), { query }))
    found.push(...itemsOf(reply, schema))
    token = page.safeParse(reply).data?.metadata?.continue
    if (!token) break
  }
  return found
}

function itemsOf<T>(reply: unknown, schema: z.ZodType<T>): T[] {
  const items = page.safeParse(reply).data?.items ?? []
  return items.flatMap(item => schema.safeParse(item).data ?? [])
}

function pathOf(resource: Parameters<typeof collectionPath>[0], namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
}

async function orAbsent(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** What is not there, or may not be read, is undefined. The explanation then says less. */
async function orUndefined(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined
    throw error
  }
}
