import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import type { RuleKind } from '../api/kinds.ts'
import { isManagedName, MANAGED_PREFIX } from '../api/managed-name.ts'

/** Kinds of which single objects decide whether something is allowed. */
const NOTED_KINDS: readonly RuleKind[] = [
  'ModelCache',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'StorageClass',
]

/** Whether what the watch of a kind says may be out of date. */
export type InDoubt = (kind: string) => boolean

/** Whether there is doubt of anything that `noteLookups` would note. */
export function isAnyInDoubt(inDoubt: InDoubt): boolean {
  return NOTED_KINDS.some(inDoubt)
}

/** What `view` answers, and notes of which objects it was asked whose kind is in doubt; each is noted once. */
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
        // Of a cache that is not known yet, the name of its claim tells.
        const named = isManagedName(claimName) ? claimName.slice(MANAGED_PREFIX.length) : undefined
        const name = cache?.metadata.name ?? named
        if (name) note('ModelCache', namespace, name)
        return cache
      },
    },
  }
}
