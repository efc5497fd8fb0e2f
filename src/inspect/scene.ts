import type { ModelCache } from '../api/modelcache.ts'
import type { SeenClaim, SeenEvent, SeenJob, SeenMaker, SeenPod } from './objects.ts'

/** A cache, and all that stages it. */
export interface CacheScene {
  name: string
  /** Undefined if there is no such cache. */
  cache: ModelCache | undefined
  claimName: string | undefined
  claim: SeenClaim | undefined
  job: SeenJob | undefined
  pods: readonly SeenPod[]
}

/** A pod template of the target, and the caches that it names. */
export interface AskingTemplate {
  /** Empty for a pod. */
  path: string
  caches: readonly string[]
}

/** A ModelDeployment in several clusters, as the hub says. */
export interface Split {
  clusters: readonly { name: string; replicas: number; readyReplicas: number; message?: string | undefined }[]
  isAvailable: boolean
  message: string
}

/** What somebody asks about, and everything in its namespace that has to do with it. */
export interface Scene {
  namespace: string
  target: { kind: string; name: string; replicas: number | undefined }
  /** How a ModelDeployment is split over clusters; undefined if this one alone counts. */
  split: Split | undefined
  templates: readonly AskingTemplate[]
  /** Keys of ours on the target that do nothing. */
  ignored: readonly string[]
  /** The target, and what it creates that creates pods. */
  makers: readonly SeenMaker[]
  pods: readonly SeenPod[]
  caches: readonly CacheScene[]
  /** By the UID of their object. */
  events: ReadonlyMap<string, readonly SeenEvent[]>
}
