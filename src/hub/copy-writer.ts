import type { Logger } from 'pino'
import type { ModelCache } from '../api/modelcache.ts'
import { HUB_MANAGER } from '../api/names.ts'
import { KINDS } from '../cluster/kinds.ts'
import { objectPath, parseObject, type Resource } from '../kube/resource.ts'
import type { CallOptions, Rest } from '../kube/rest.ts'
import { type Additions, type Copy, copyOf, fingerprintOf } from './copy.ts'
import { isMadeBy } from './made-by.ts'
import { createSecretWriter, secretOf } from './secret-writer.ts'
import { unlessMissing } from './unless-missing.ts'
import type { WholeOf } from './whole.ts'

export interface CopyWriterOptions {
  /** The copies of this hub. */
  readonly resource: Resource<Copy>
  readonly hub: { readonly hubID: string; readonly rest: Pick<Rest, 'get'>; readonly wholeOf: WholeOf }
  /** The API of the other cluster. */
  readonly rest: Pick<Rest, 'apply' | 'delete' | 'get'>
  /** Whether it is still the registered cluster that answers. */
  readonly isSame: () => Promise<boolean>
  readonly logger: Logger
  readonly call: CallOptions
}

const ALTERED =
  'the copy asks for something else than the ModelCache of the hub, although the hub has applied it: somebody there has changed the copy, or ModelCache there has another version'
const TAKEN =
  'a ModelCache of this name exists there, and this hub has not made it; delete it, or leave that cluster out of the selector'

/** Writes copies into one other cluster. All that it throws is ApiError. */
export function createCopyWriter({ resource, hub, rest, isSame, logger, call }: CopyWriterOptions) {
  /** What the cluster has made of a copy, if that is not what was applied. */
  const altered = new Map<string, { asked: string; got: string }>()
  const secrets = createSecretWriter({ hub, rest, logger, call })
  const pathOf = ({ metadata: { namespace, name } }: Pick<Copy, 'metadata'>) =>
    objectPath(KINDS.ModelCache, namespace, name)

  const taken = async (cache: ModelCache): Promise<string | undefined> => {
    const present = await rest.get(pathOf(cache), call).catch(unlessMissing)
    return present === undefined || isMadeBy(hub.hubID, present) ? undefined : TAKEN
  }

  /** To apply it again would not help. */
  const unchangeable = (cache: ModelCache, { fingerprint }: Copy, additions: Additions) => {
    const { asked, got } = altered.get(pathOf(cache)) ?? {}
    return asked === fingerprintOf(cache, additions) && got === fingerprint ? ALTERED : undefined
  }

  /** Returns what the cluster has made of it; undefined if the ModelCache is gone. */
  const apply = async (
    cache: ModelCache,
    uid: string | undefined,
    additions: Additions,
  ): Promise<Copy | undefined> => {
    const { namespace, name } = cache.metadata
    const whole = await hub.wholeOf(cache)
    if (whole === undefined) return undefined
    const wanted = copyOf(whole, hub.hubID, additions)
    // With the UID, the copy of another cluster is not written, nor one that was made again.
    const body = uid === undefined ? wanted : { ...wanted, metadata: { ...wanted.metadata, uid } }
    const written = await rest.apply(pathOf(cache), body, { ...call, fieldManager: HUB_MANAGER, force: true })
    logger.info({ namespace, name }, 'copy applied')
    const asked = fingerprintOf(cache, additions)
    const { data } = parseObject(resource, written)
    if (data?.fingerprint === asked) altered.delete(pathOf(cache))
    else altered.set(pathOf(cache), { asked, got: data?.fingerprint ?? '' })
    return data
  }

  /** The Secret comes before the annotation that says so. */
  const applyWithSecret = async (cache: ModelCache, copy: Copy | undefined, additions: Additions) => {
    const made = copy ?? (await apply(cache, undefined, { ...additions, secretVersion: undefined }))
    const { namespace, name, uid } = made?.metadata ?? {}
    const secret = secretOf(cache)
    if (namespace === undefined || name === undefined || uid === undefined || secret === undefined) return
    await secrets.bring(secret, { namespace, name, uid })
    await apply(cache, uid, additions)
  }

  return {
    /**
     * Brings a copy in line with its ModelCache, or makes it, with its Secret if that is to be copied.
     * Returns what is in the way.
     */
    async bring(
      cache: ModelCache,
      copy: Copy | undefined,
      additions: Additions,
    ): Promise<string | undefined> {
      if (copy === undefined && !(await isSame())) return undefined
      const obstacle = copy === undefined ? await taken(cache) : unchangeable(cache, copy, additions)
      if (obstacle !== undefined) return obstacle
      if (additions.secretVersion === undefined) await apply(cache, copy?.metadata.uid, additions)
      else await applyWithSecret(cache, copy, additions)
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
