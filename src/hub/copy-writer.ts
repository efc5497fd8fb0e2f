import type { Logger } from 'pino'
import { z } from 'zod'
import type { ModelCache } from '../api/modelcache.ts'
import { HUB, HUB_MANAGER } from '../api/names.ts'
import { KINDS } from '../cluster/kinds.ts'
import { isNotFound } from '../kube/api-error.ts'
import { objectPath, parseObject, type Resource } from '../kube/resource.ts'
import type { CallOptions, Rest } from '../kube/rest.ts'
import { type Copy, copyOf, fingerprintOf } from './copy.ts'

export interface CopyWriterOptions {
  /** The copies of this hub. */
  readonly resource: Resource<Copy>
  readonly hub: { readonly hubID: string; readonly rest: Pick<Rest, 'get'> }
  /** The API of the other cluster. */
  readonly rest: Pick<Rest, 'apply' | 'delete' | 'get'>
  /** Whether it is still the registered cluster that answers. */
  readonly isSame: () => Promise<boolean>
  readonly logger: Logger
  readonly call: CallOptions
}

const wholeCache = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.record(z.string(), z.unknown()),
})
const labelled = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }) })

const ALTERED =
  'the copy asks for something else than the ModelCache of the hub, although the hub has applied it: somebody there has changed the copy, or ModelCache there has another version'
const TAKEN =
  'a ModelCache of this name exists there, and this hub has not made it; delete it, or leave that cluster out of the selector'

/** Writes copies into one other cluster. All that it throws is ApiError. */
export function createCopyWriter({ resource, hub, rest, isSame, logger, call }: CopyWriterOptions) {
  /** What the cluster has made of a copy, if that is not what was applied. */
  const altered = new Map<string, { asked: string; got: string }>()
  const pathOf = ({ metadata: { namespace, name } }: Pick<Copy, 'metadata'>) =>
    objectPath(KINDS.ModelCache, namespace, name)

  const isTaken = async (cache: ModelCache): Promise<boolean> => {
    const present = await rest.get(pathOf(cache), call).catch(unlessMissing)
    return present !== undefined && labelled.parse(present).metadata.labels?.[HUB] !== hub.hubID
  }

  const apply = async (cache: ModelCache, uid: string | undefined): Promise<void> => {
    const { namespace, name } = cache.metadata
    // Memory has digests in place of large values.
    const whole = await hub.rest.get(pathOf(cache), call).catch(unlessMissing)
    if (whole === undefined) return
    const wanted = copyOf(wholeCache.parse(whole), hub.hubID)
    // With the UID, the copy of another cluster is not written, nor one that was made again.
    const body = uid === undefined ? wanted : { ...wanted, metadata: { ...wanted.metadata, uid } }
    const written = await rest.apply(pathOf(cache), body, { ...call, fieldManager: HUB_MANAGER, force: true })
    logger.info({ namespace, name }, 'copy applied')
    const asked = fingerprintOf(cache)
    const got = parseObject(resource, written).data?.fingerprint ?? ''
    if (got === asked) altered.delete(pathOf(cache))
    else altered.set(pathOf(cache), { asked, got })
  }

  return {
    /** Brings a copy in line with its ModelCache, or makes it. Returns what is in the way. */
    async bring(cache: ModelCache, copy: Copy | undefined): Promise<string | undefined> {
      if (copy === undefined) {
        if (!(await isSame())) return undefined
        if (await isTaken(cache)) return TAKEN
        await apply(cache, undefined)
        return undefined
      }
      const { asked, got } = altered.get(pathOf(cache)) ?? {}
      // To apply it again would not help.
      if (asked === fingerprintOf(cache) && got === copy.fingerprint) return ALTERED
      await apply(cache, copy.metadata.uid)
      return undefined
    },
    /** Deletes exactly that copy. */
    async remove(copy: Copy): Promise<void> {
      const { namespace, name, uid } = copy.metadata
      await rest.delete(pathOf(copy), { ...call, uid, propagation: 'Background' }).catch(unlessMissing)
      logger.info({ namespace, name }, 'copy deleted')
    },
    /** A copy is gone. */
    forget(copy: Pick<Copy, 'metadata'>): void {
      altered.delete(pathOf(copy))
    },
  }
}

function unlessMissing(error: unknown): undefined {
  if (isNotFound(error)) return undefined
  throw error
}
