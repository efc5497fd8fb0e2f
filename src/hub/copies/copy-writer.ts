import type { Logger } from 'pino'
import { HUB_MANAGER } from '../../api/names.ts'
import { objectPath, parseObject, type Resource } from '../../kube/resource.ts'
import type { CallOptions, Rest } from '../../kube/rest.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { AnyCopy, CopyingHub, Wanted } from './copied-kind.ts'
import { createNamespace, lacksNamespace } from './create-namespace.ts'
import { isMadeBy } from './made-by.ts'
import { createSecretWriter } from './secret-writer.ts'

export interface CopyWriterOptions<C extends AnyCopy> {
  /** The copies of this hub. */
  readonly resource: Resource<C>
  readonly hub: CopyingHub
  /** The API of the other cluster. */
  readonly rest: Pick<Rest, 'apply' | 'create' | 'delete' | 'get'>
  /** Whether it is still the registered cluster that answers. */
  readonly isSame: () => Promise<boolean>
  readonly logger: Logger
  readonly call: CallOptions
}

type Identified = Pick<AnyCopy, 'metadata'>

/** Writes copies of one kind into one other cluster. All that it throws is ApiError. */
export function createCopyWriter<C extends AnyCopy>(options: CopyWriterOptions<C>) {
  const { resource, hub, rest, isSame, logger, call } = options
  const { kind } = resource
  /** What the cluster has made of a copy, if that is not what was applied. */
  const altered = new Map<string, { asked: string; got: string }>()
  const secrets = createSecretWriter({ hub, rest, logger, call })
  const pathOf = ({ metadata: { namespace, name } }: Identified) => objectPath(resource, namespace, name)

  const taken = async (original: Identified): Promise<string | undefined> => {
    const present = await rest.get(pathOf(original), call).catch(unlessMissing)
    if (present === undefined || isMadeBy(hub.hubID, present)) return undefined
    return `a ${kind} of this name exists there, and this hub has not made it; delete it, or leave that cluster out of the selector`
  }

  /** To apply it again would not help. */
  const unchangeable = (copy: C, { fingerprint }: Wanted): string | undefined => {
    const { asked, got } = altered.get(pathOf(copy)) ?? {}
    if (asked !== fingerprint || got !== copy.fingerprint) return undefined
    return `the copy asks for something else than the ${kind} of the hub, although the hub has applied it: somebody there has changed the copy, or ModelCache there has another version`
  }

  /** Returns what the cluster has made of it; undefined if the original is gone. */
  const apply = async (
    original: Identified,
    uid: string | undefined,
    { manifest, fingerprint }: Wanted,
  ): Promise<C | undefined> => {
    const { namespace, name } = original.metadata
    const wanted = await manifest()
    if (wanted === undefined) return undefined
    // With the UID, the copy of another cluster is not written, nor one that was made again.
    const body = uid === undefined ? wanted : { ...wanted, metadata: { ...wanted.metadata, uid } }
    const path = pathOf(original)
    const write = () => rest.apply(path, body, { ...call, fieldManager: HUB_MANAGER, force: true })
    const written = await write().catch(async error => {
      if (!hub.createsNamespaces || namespace === undefined || !lacksNamespace(error)) throw error
      await createNamespace(namespace, { hubID: hub.hubID, rest, call })
      logger.info({ namespace }, 'namespace created')
      return write()
    })
    logger.info({ namespace, name, kind }, 'copy applied')
    const { data } = parseObject(resource, written)
    if (data?.fingerprint === fingerprint) altered.delete(path)
    else altered.set(path, { asked: fingerprint, got: data?.fingerprint ?? '' })
    return data
  }

  /** The Secret comes before the copy that says so. */
  const bringSecret = async (
    original: Identified,
    copy: C | undefined,
    { name: secret, before }: NonNullable<Wanted['secret']>,
  ): Promise<string | undefined> => {
    const { namespace, name, uid } = (copy ?? (await apply(original, undefined, before)))?.metadata ?? {}
    if (namespace === undefined || name === undefined || uid === undefined) return undefined
    await secrets.bring(secret, { kind, namespace, name, uid })
    return uid
  }

  return {
    /**
     * Brings a copy in line with its original, or makes it, with its Secret if that is to be copied. Returns
     * what is in the way.
     */
    async bring(original: Identified, copy: C | undefined, wanted: Wanted): Promise<string | undefined> {
      if (copy === undefined && !(await isSame())) return undefined
      const obstacle = copy === undefined ? await taken(original) : unchangeable(copy, wanted)
      if (obstacle !== undefined) return obstacle
      const { secret } = wanted
      const uid = secret === undefined ? copy?.metadata.uid : await bringSecret(original, copy, secret)
      if (secret === undefined || uid !== undefined) await apply(original, uid, wanted)
      return undefined
    },
    /** Deletes exactly that copy. */
    async remove(copy: Identified): Promise<void> {
      const { namespace, name, uid } = copy.metadata
      await rest.delete(pathOf(copy), { ...call, uid, propagation: 'Background' }).catch(unlessMissing)
      logger.info({ namespace, name, kind }, 'copy deleted')
    },
    /** A copy is gone. */
    forget(copy: Identified): void {
      altered.delete(pathOf(copy))
    },
  }
}
