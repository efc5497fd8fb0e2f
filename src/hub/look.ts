import { z } from 'zod'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import { MAX_CLASSES } from '../api/inference-cluster-status.ts'
import type { StorageClass } from '../api/kubernetes/storage-class.ts'
import { API_VERSION, GROUP, VERSION } from '../api/schema/group.ts'
import { few, foreign } from '../api/schema/text.ts'
import { KINDS } from '../cluster/kinds.ts'
import { ApiError, isForbidden, isNotFound } from '../kube/api-error.ts'
import {
  collectionPath,
  objectPath,
  parseObject,
  type Resource,
  type StoredObject,
} from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { defaultStorageClass } from '../storage/default-class.ts'
import { rwxCapability } from '../storage/rwx.ts'
import { IDENTITY_PATH } from './cluster-id.ts'
import { ClusterProblem } from './problem.ts'

const CRDS = { apiVersion: 'apiextensions.k8s.io/v1', plural: 'customresourcedefinitions' }
const MODEL_CACHES = `${KINDS.ModelCache.plural}.${GROUP}`
const VERSION_LABEL = 'app.kubernetes.io/version'

/** A cluster has some tens of StorageClasses. */
const MAX_LISTED = 500
/** Of what a cluster answers, we read no more. */
const MAX_BYTES = 4 * 1024 * 1024
/** An answer of a slow API server still counts. */
const TIMEOUT_MS = 10_000
const MAX_MESSAGE = 512

/** What the hub finds in a cluster. `problem` is why no cache can be staged there. */
export interface Seen {
  readonly clusterID: string
  readonly kubernetesVersion: string
  readonly modelCacheVersion?: string
  readonly storageClasses: readonly string[]
  readonly storageClass?: string | undefined
  readonly caches?: number
  readonly problem?: ClusterProblem
}

const version = z.object({ gitVersion: z.string() })
const identified = z.object({ metadata: z.object({ uid: z.string() }) })
const crd = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({ versions: z.array(z.object({ name: z.string(), served: z.boolean() })).max(100) }),
})
const page = z.object({
  metadata: z.object({ remainingItemCount: z.int().min(0).nullish() }),
  items: z.array(z.unknown()).max(MAX_LISTED),
})

/**
 * Looks at a cluster through its API server. Whatever a cluster answers is data: it is bounded here, and
 * escaped.
 *
 * @throws ClusterProblem if the API server does not answer, does not accept the credentials, or says nothing
 * that can be used.
 */
export async function lookAt(
  { metadata, spec }: InferenceCluster,
  rest: Pick<Rest, 'get'>,
  signal: AbortSignal,
): Promise<Seen> {
  const get = (path: string) => rest.get(path, { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })
  const read = async <T>(schema: z.ZodType<T>, path: string): Promise<T> => {
    const reply = await get(path).catch(error => Promise.reject(problemOf(error, path)))
    const parsed = schema.safeParse(reply)
    if (parsed.success) return parsed.data
    throw new ClusterProblem('Unreachable', `${path} is not answered as an API server would`)
  }
  const list = async <T extends StoredObject>(kind: Resource<T>): Promise<T[]> => {
    const { items } = await read(page, `${collectionPath(kind)}?limit=${MAX_LISTED}`)
    return items.flatMap(item => parseObject(kind, item).data ?? [])
  }

  const { gitVersion } = await read(version, '/version')
  const { uid } = (await read(identified, IDENTITY_PATH)).metadata
  const [classes, profiles] = await Promise.all([list(KINDS.StorageClass), profilesOf(list)])
  const profileOf = new Map(profiles.map(profile => [profile.metadata.name, profile]))
  const isShared = (each: StorageClass) =>
    rwxCapability(each, profileOf.get(each.metadata.name), spec.storage?.csiDrivers).answer === 'yes'
  const shown = ({ metadata: { name } }: StorageClass) => foreign(name, 253)
  const names = classes.filter(isShared).map(shown).toSorted()
  const named = spec.storage?.storageClassName ?? defaultStorageClass(classes)?.metadata.name
  const seen = {
    clusterID: foreign(uid, 128),
    kubernetesVersion: foreign(gitVersion, 64),
    storageClasses: names.slice(0, MAX_CLASSES),
    storageClass: names.find(name => name === named),
  }
  try {
    const installed = await installedIn(read)
    const { items, metadata: counted } = await read(page, `${collectionPath(KINDS.ModelCache)}?limit=1`)
    const caches = items.length + (counted.remainingItemCount ?? 0)
    const found = { ...seen, ...installed, caches }
    const wanted = spec.storage?.storageClassName
    if (names.length === 0) return { ...found, problem: noSharedClass(metadata.name, classes.map(shown)) }
    if (wanted === undefined || names.includes(wanted)) return found
    return {
      ...found,
      problem: notShared(
        wanted,
        classes.some(each => each.metadata.name === wanted),
      ),
    }
  } catch (problem) {
    if (problem instanceof ClusterProblem) return { ...seen, problem }
    throw problem
  }
}

/** Kind of CDI, which a cluster may lack, and which the hub need not be allowed to read. */
async function profilesOf(list: <T extends StoredObject>(kind: Resource<T>) => Promise<T[]>) {
  return list(KINDS.StorageProfile).catch(() => [])
}

async function installedIn(
  read: <T>(schema: z.ZodType<T>, path: string) => Promise<T>,
): Promise<{ modelCacheVersion?: string }> {
  const path = objectPath(CRDS, undefined, MODEL_CACHES)
  const { metadata, spec } = await read(crd, path)
  if (!spec.versions.some(({ name, served }) => name === VERSION && served))
    throw new ClusterProblem('ModelCacheNotInstalled', `ModelCache there does not serve ${API_VERSION}`)
  const label = metadata.labels?.[VERSION_LABEL]
  return label === undefined ? {} : { modelCacheVersion: foreign(label, 64) }
}

function noSharedClass(cluster: string, classes: readonly string[]): ClusterProblem {
  const found = classes.length === 0 ? 'there is none' : `there are ${few(classes)}`
  return new ClusterProblem(
    'NoSharedStorageClass',
    `no StorageClass of cluster ${cluster} is known to support ReadWriteMany; ${found}`,
  )
}

function notShared(named: string, exists: boolean): ClusterProblem {
  const text = exists ? 'is not known to support ReadWriteMany' : 'does not exist'
  return new ClusterProblem(
    'NoSharedStorageClass',
    `StorageClass ${named}, which this InferenceCluster names, ${text} there`,
  )
}

/** What a failed call says about the cluster. */
function problemOf(error: unknown, path: string): unknown {
  if (!(error instanceof ApiError)) return error
  const why = foreign(causeOf(error), MAX_MESSAGE)
  if (error.status === 401)
    return new ClusterProblem('Unauthorized', `its API server does not accept the credentials: ${why}`)
  if (isForbidden(error)) return new ClusterProblem('Forbidden', why)
  if (isNotFound(error) && path.includes(MODEL_CACHES))
    return new ClusterProblem('ModelCacheNotInstalled', 'ModelCache is not installed there')
  return new ClusterProblem('Unreachable', why, { cause: error })
}

/** The message of an error with the innermost one, which knows the address or the certificate. */
function causeOf(error: Error): string {
  let last: Error = error
  for (let depth = 0; depth < 8 && last.cause instanceof Error; depth++) last = last.cause
  return last === error || error.message.includes(last.message)
    ? error.message
    : `${error.message}: ${last.message}`
}
