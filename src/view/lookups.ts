import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import type { RuleKind } from '../api/kinds.ts'
import { isManagedName, MANAGED_PREFIX } from '../api/managed-name.ts'

/** Kinds whose single objects decide whether something is allowed. */
const NOTED_KINDS: readonly RuleKind[] = [
  'ModelCache',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'StorageClass',
]

/** Whether the watch of a kind may be out of date. */
export type InDoubt = (kind: string) => boolean

/** Whether anything that `noteLookups` would note is in doubt. */
export function isAnyInDoubt(inDoubt: InDoubt): boolean {
  return NOTED_KINDS.some(inDoubt)
}

/**
 * A view that answers like `view`, and notes the objects of doubtful kinds that it was asked for, each once.
 */
export function noteLookups(
  view: ClusterView,
  inDoubt: InDoubt,
): { view: ClusterView; refs(): readonly ObjectRef[] } {
  const noted = new Map<string, ObjectRef>()
  const note = (kind: RuleKind, namespace: string | undefined, name: string): void => {
    if (!NOTED_KINDS.includes(kind) || !inDoubt(kind)) return
    noted.set(`${kind} ${namespace ?? ''}/${name}`, { kind, namespace, name })
  }
  return {
    refs: () => [...noted.values()],
    view: {
      ...view,
      get(kind, namespace, name) {
        note(kind, namespace, name)
        return view.get(kind, namespace, name)
      },
      modelCacheOfClaim(namespace, claimName) {
        const cache = view.modelCacheOfClaim(namespace, claimName)
        // If the cache is not known yet, the name of its claim tells.
        const named = isManagedName(claimName) ? claimName.slice(MANAGED_PREFIX.length) : undefined
        const name = cache?.metadata.name ?? named
        if (name) note('ModelCache', namespace, name)
        return cache
      },
    },
  }
}
