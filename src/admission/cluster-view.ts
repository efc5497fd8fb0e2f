import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import type { ModelCache } from '../api/modelcache.ts'

/**
 * What rules may know of the cluster: in-memory look-ups, no I/O.
 *
 * The watches behind it can lag. When a rule finds something missing or not ready, its decision names the
 * objects that it rests on (`basisOf`), and the caller confirms them by a live read before it answers.
 */
export interface ClusterView {
  /** The object of that name; `namespace` is undefined for kinds that have none. */
  get<K extends RuleKind>(kind: K, namespace: string | undefined, name: string): RuleKinds[K] | undefined
  /** All objects of a kind, or those of one namespace. */
  list<K extends RuleKind>(kind: K, namespace?: string): Iterable<RuleKinds[K]>
  /** The caches that stage the same source (`sourceIdentity`). */
  modelCachesOfSource(namespace: string, source: string): Iterable<ModelCache>
  /** The ModelCache that owns a claim (`ownsClaim`), for the price of one look-up. */
  modelCacheOfClaim(namespace: string, claimName: string): ModelCache | undefined
}

/** An object that a decision rests on, or a whole list. */
export type ObjectRef =
  | { kind: RuleKind; namespace?: string | undefined; name: string }
  | { list: RuleKind; namespace?: string | undefined }
