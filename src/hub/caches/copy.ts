import { condensed } from '../../api/condensed.ts'
import { type ModelCache, modelCache } from '../../api/modelcache.ts'
import {
  ALLOW_DELETE_IN_USE,
  HUB,
  PAUSED,
  REFETCH,
  REVISION,
  SECRET_VERSION,
  VERIFY,
} from '../../api/names.ts'
import { conditionOf, isReady } from '../../api/readiness.ts'
import { digestOf } from '../../api/schema/digest.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { foreign } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Resource } from '../../kube/resource.ts'
import type { AnyCopy } from '../copies/copied-kind.ts'
import { annotationsOf, type Whole } from '../copies/whole.ts'

/** What the hub knows of the copy of a ModelCache in another cluster. */
export interface CacheCopy extends AnyCopy {
  /** The revision that the hub has chosen for it. */
  readonly pin?: string | undefined
  readonly state: CopyState
}

/** What the hub adds to what the author of a ModelCache has written. */
export interface Additions {
  /** The version of the Secret that was copied with it. */
  readonly secretVersion?: string | undefined
  /** The revision to stage in place of the branch or tag. */
  readonly pin?: string | undefined
}

/** How far a copy is, as its cluster says. All text is bounded and printable. */
export interface CopyState {
  readonly phase: string
  readonly ready: boolean
  readonly message?: string | undefined
  readonly digest?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly revision: Revision | undefined
  readonly size?: string | undefined
}

/** What a cluster has found behind a branch or tag. */
export interface Revision {
  readonly name: string
  /** The value of the refetch annotation for which it was found. */
  readonly refetch: string | undefined
}

/** Annotations of a ModelCache that ask its controller for something, so copies have them too. */
const ASKING = [ALLOW_DELETE_IN_USE, PAUSED, REFETCH, VERIFY] as const

const MAX_MESSAGE = 512

/** The copies in a cluster that the hub of this ID has made. Little is kept of each, whatever is in it. */
export function copiesOf(hubID: string): Resource<CacheCopy> {
  return {
    ...KINDS.ModelCache,
    schema: modelCache.transform(cache => asCopy(condensed(cache))),
    labelSelector: `${HUB}=${hubID}`,
  }
}

function asCopy(cache: ModelCache): CacheCopy {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, annotations } = cache.metadata
  return {
    metadata: { name, namespace, uid, resourceVersion, deletionTimestamp },
    pin: annotations?.[REVISION],
    fingerprint: fingerprintOf(cache, {
      secretVersion: annotations?.[SECRET_VERSION],
      pin: annotations?.[REVISION],
    }),
    state: stateOf(cache),
  }
}

/** What a ModelCache asks for is compared with each of its copies. */
const asked = new WeakMap<ModelCache, string>()

/** A digest of what a condensed ModelCache asks of the cluster that it is in. */
export function fingerprintOf(cache: ModelCache, { secretVersion, pin }: Additions): string {
  return digestOf(JSON.stringify([askedOf(cache), secretVersion, pin]))
}

function askedOf(cache: ModelCache): string {
  const known = asked.get(cache)
  if (known !== undefined) return known
  const { metadata, spec, jobInputs } = cache
  const { clusterSelector, replication, ...wanted } = spec
  const asking = ASKING.map(key => metadata.annotations?.[key])
  const digest = digestOf(JSON.stringify([wanted, jobInputs, asking]))
  asked.set(cache, digest)
  return digest
}

function stateOf(cache: ModelCache): CopyState {
  const { status } = cache
  const message = conditionOf(status, 'Ready')?.message
  return {
    phase: foreign(status?.phase ?? 'Pending', 64),
    ready: isReady(cache),
    message: message === undefined ? undefined : foreign(message, MAX_MESSAGE),
    digest: status?.resolvedDigest,
    sizeBytes: status?.bytesStaged,
    revision: revisionOf(cache),
    size: status?.size && foreign(status.size, 32),
  }
}

/**
 * The commit or digest that a ModelCache has found: that of its present run, or else that of its snapshot.
 */
export function revisionOf({ metadata, status }: ModelCache): Revision | undefined {
  const { revision, refetch } = status?.hydration ?? {}
  if (revision !== undefined)
    return { name: foreign(revision, 512), refetch: metadata.annotations?.[REFETCH] }
  const staged = status?.resolvedRevision
  return staged === undefined ? undefined : { name: foreign(staged, 512), refetch }
}

/**
 * The copy to apply, from the whole ModelCache as the API server of the hub has sent it. Labels and other
 * annotations stay behind: many belong to tools that work on the hub alone.
 */
export function copyOf(cache: Whole, hubID: string, { secretVersion, pin }: Additions) {
  const { name, namespace } = cache.metadata
  const { clusterSelector, replication, ...spec } = cache.spec
  return {
    apiVersion: API_VERSION,
    kind: KINDS.ModelCache.kind,
    metadata: {
      ...{ name, namespace, labels: { [HUB]: hubID } },
      annotations: {
        ...annotationsOf(cache, ASKING),
        ...(secretVersion !== undefined && { [SECRET_VERSION]: secretVersion }),
        ...(pin !== undefined && { [REVISION]: pin }),
      },
    },
    spec,
  }
}
