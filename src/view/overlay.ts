import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import { ownsClaim } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'

/** What was read from the cluster, to put on top of a view. */
export interface Answers {
  /** `found` is undefined if there is no such object. */
  object<K extends RuleKind>(
    kind: K,
    namespace: string | undefined,
    name: string,
    found: RuleKinds[K] | undefined,
  ): void
  list<K extends RuleKind>(kind: K, namespace: string | undefined, found: readonly RuleKinds[K][]): void
}

/** A view that answers from what is put into `answers`, and otherwise from `view`. */
export function overlay(view: ClusterView): { view: ClusterView; answers: Answers } {
  const objects = new Map<string, unknown>()
  const lists = new Map<string, readonly unknown[]>()
  const caches = new Map<string, ModelCache>()

  const listed = <K extends RuleKind>(kind: K, namespace: string | undefined) =>
    lists.get(keyOf({ list: kind, namespace })) as readonly RuleKinds[K][] | undefined

  return {
    answers: {
      object(kind, namespace, name, found) {
        objects.set(keyOf({ kind, namespace, name }), found)
        if (kind === 'ModelCache' && found !== undefined)
          caches.set(keyOf({ kind, namespace, name }), found as ModelCache)
      },
      list: (kind, namespace, found) => lists.set(keyOf({ list: kind, namespace }), found),
    },
    view: {
      ...view,
      get<K extends RuleKind>(kind: K, namespace: string | undefined, name: string) {
        const key = keyOf({ kind, namespace, name })
        if (objects.has(key)) return objects.get(key) as RuleKinds[K] | undefined
        // A whole list also tells what does not exist.
        const list = listed(kind, namespace)
        return list === undefined
          ? view.get(kind, namespace, name)
          : list.find(({ metadata }) => metadata.name === name)
      },
      list: (kind, namespace) => listed(kind, namespace) ?? view.list(kind, namespace),
      modelCacheOfClaim(namespace, claimName) {
        const known = view.modelCacheOfClaim(namespace, claimName)
        if (
          known !== undefined &&
          !objects.has(keyOf({ kind: 'ModelCache', namespace, name: known.metadata.name }))
        )
          return known
        return [...caches.values()].find(
          cache => cache.metadata.namespace === namespace && ownsClaim(cache, claimName),
        )
      },
    },
  }
}

function keyOf(ref: ObjectRef): string {
  return 'list' in ref
    ? `${ref.list} ${ref.namespace ?? ''}`
    : `${ref.kind} ${ref.namespace ?? ''}/${ref.name}`
}
