import type { Logger } from 'pino'
import { forbiddenKeys } from '../../api/hydration-metadata.ts'
import { type ModelCache, modelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { FIELD_MANAGER, STORAGE_FINALIZER } from '../../api/names.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { foreign, quote } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { ApiError, isConflict, isNotFound } from '../../kube/api-error.ts'
import type { EventInput, Recorder } from '../../kube/events.ts'
import { collectionPath, objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { applyStatus, isSameStatus } from '../apply-status.ts'
import { writeFinalizer } from '../finalizer.ts'
import { type ApiRejection, isQuota } from './api-rejection.ts'
import { claim as newClaim } from './objects/claim.ts'
import { type HydratorSettings, hydrationJob, madeFrom, type Purpose } from './objects/hydration-job.ts'
import { ownPart } from './status/own-part.ts'
import type { Write } from './step.ts'

const MAX_MESSAGE = 1_024

export interface ActOptions {
  rest: Pick<Rest, 'apply' | 'create' | 'get' | 'jsonMerge' | 'delete'>
  hydrator: HydratorSettings
  recorder: Recorder
  logger: Logger
  signal: AbortSignal
}

/** The result of the writes of a plan. */
export interface WriteResult {
  /** The write that the API server rejected. The writes after it were not tried. */
  rejection?: ApiRejection
  /** Something has changed since we looked, and no watch has shown it yet. */
  isStale: boolean
  /** The version of the cache, if a write has changed it. */
  resourceVersion?: string | undefined
  /** The Job has been resumed. */
  isResumed?: boolean
}

/**
 * Carries out the writes of a plan. It is no error if an object already exists, has changed or is gone: the
 * next look will see it.
 *
 * @throws ApiError for errors that may pass, such as an API server that does not answer.
 */
export async function write(
  cache: ModelCache,
  writes: readonly Write[],
  options: ActOptions,
): Promise<WriteResult> {
  const { namespace, name } = cache.metadata
  const result: WriteResult = { isStale: false }
  for (const one of writes) {
    try {
      Object.assign(result, learned(one, await writeOne(cache, one, options)))
      options.logger.info({ namespace, name, write: one.do, ...named(one) }, 'written')
    } catch (error) {
      const rejection = rejectionOf(error, one)
      if (rejection !== undefined) return { ...result, rejection }
      if (!isConflict(error) && !isNotFound(error)) throw error
      result.isStale = true
      // Nothing may be created for a cache that could go before it.
      if (one.do === 'finalizer') break
    }
  }
  return result
}

/** What a write that succeeded says about the cache. */
function learned(write: Write, written: unknown): Partial<WriteResult> {
  if (write.do === 'finalizer') return { resourceVersion: String(written) }
  return write.do === 'resume' ? { isResumed: true } : {}
}

function named(write: Write): object {
  return 'kind' in write ? { kind: write.kind } : {}
}

async function writeOne(cache: ModelCache, write: Write, options: ActOptions): Promise<unknown> {
  const { rest, signal, hydrator } = options
  const { namespace } = cache.metadata
  const call = { fieldManager: FIELD_MANAGER, signal }
  switch (write.do) {
    case 'start': {
      const whole = await readWhole(cache, write.purpose, options)
      checkMetadata('spec.hydration', whole.spec.hydration, hydrator)
      const object = hydrationJob(whole, write.purpose, { ...hydrator, claim: write.claim })
      return rest.create(collectionPath(KINDS.HydrationJob, namespace), object, call)
    }
    case 'create': {
      const whole = await readWhole(cache, 'hydrate', options)
      checkMetadata('spec.storage.pvc', whole.spec.storage.pvc, hydrator)
      const object = newClaim(whole, write.claim, hydrator.defaults)
      return rest.create(collectionPath(KINDS[write.kind], namespace), object, call)
    }
    case 'resume': {
      const body = { metadata: { resourceVersion: write.resourceVersion }, spec: { suspend: false } }
      return rest.jsonMerge(objectPath(KINDS[write.kind], namespace, write.name), body, call)
    }
    case 'merge': {
      const { resourceVersion, patch } = write
      const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } }
      return rest.jsonMerge(objectPath(KINDS[write.kind], namespace, write.name), body, call)
    }
    case 'delete': {
      const { propagation } = write
      const path = objectPath(KINDS[write.kind], namespace, write.name)
      return rest.delete(path, { uid: write.uid, propagation, signal })
    }
    case 'finalizer': {
      const path = objectPath(KINDS.ModelCache, namespace, cache.metadata.name)
      const { present } = write
      return writeFinalizer(path, cache.metadata, { finalizer: STORAGE_FINALIZER, present, rest, ...call })
    }
  }
}

/**
 * A ModelCache may be older than the rule of admission about its labels and annotations.
 *
 * @throws ApiError with status 403 if it has one that is not allowed.
 */
function checkMetadata(
  place: string,
  given: Parameters<typeof forbiddenKeys>[0],
  { metadataKeys }: HydratorSettings,
): void {
  const [forbidden] = forbiddenKeys(given, metadataKeys)
  if (forbidden === undefined) return
  const message = `HydrationMetadataNotAllowed: ${place} has ${quote(forbidden)}; remove it`
  throw new ApiError(403, 'Forbidden', message)
}

function changed({ namespace, name }: ModelCache['metadata']): ApiError {
  const message = `ModelCache ${namespace}/${name} has changed since the controller looked at it`
  return new ApiError(409, 'Conflict', message)
}

/**
 * The whole stored cache. Memory holds only a part of it.
 *
 * @throws ApiError with status 409 if something that its Job is made from has changed since we looked.
 */
async function readWhole(
  cache: ModelCache,
  purpose: Purpose,
  { rest, signal }: ActOptions,
): Promise<ModelCache> {
  const { namespace, name, uid } = cache.metadata
  const whole = modelCache.parse(await rest.get(objectPath(KINDS.ModelCache, namespace, name), { signal }))
  if (whole.metadata.uid === uid && madeFrom(whole, purpose) === madeFrom(cache, purpose)) return whole
  throw changed(cache.metadata)
}

/**
 * The status after the writes. Status may say that a Job was resumed only if it was: otherwise nobody would
 * ever resume it.
 */
export function afterWrites(status: ModelCacheStatus, { isResumed }: WriteResult): ModelCacheStatus {
  return isResumed ? { ...status, hydration: { ...status.hydration, resumed: true } } : status
}

/**
 * Writes the whole status, except for what the hub writes, if it differs. Returns false if the cache has
 * changed since we looked, or is gone; the next look decides.
 */
export async function writeStatus(
  cache: ModelCache,
  resourceVersion: string | undefined,
  status: ModelCacheStatus,
  clusterName: string,
  options: ActOptions,
): Promise<boolean> {
  if (isSameStatus(status, ownPart(cache.status, clusterName))) return true
  const metadata = { ...cache.metadata, resourceVersion }
  if (!(await applyStatus(KINDS.ModelCache, metadata, status, options))) return false
  const { namespace, name } = metadata
  options.logger.info({ namespace, name, phase: status.phase, was: cache.status?.phase }, 'status applied')
  return true
}

/** Records Events about a cache. */
export async function recordEvents(
  cache: ModelCache,
  events: readonly EventInput[],
  { recorder }: ActOptions,
): Promise<void> {
  const { namespace = '', name, uid } = cache.metadata
  for (const event of events)
    await recorder.record({ apiVersion: API_VERSION, kind: 'ModelCache', namespace, name, uid }, event)
}

/**
 * Errors that do not pass by themselves. Undefined for other errors, which are retried with a growing pause.
 */
function rejectionOf(error: unknown, write: Write): ApiRejection | undefined {
  if (!(error instanceof ApiError) || ![400, 403, 422].includes(error.status)) return undefined
  const kind = 'kind' in write ? write.kind : 'ModelCache'
  return {
    kind: kind === 'HydrationJob' ? 'Job' : kind,
    isQuota: isQuota(error.message),
    message: foreign(error.message, MAX_MESSAGE),
  }
}
