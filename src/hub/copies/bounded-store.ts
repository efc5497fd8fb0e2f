import { objectKey } from '../../kube/object-key.ts'
import type { StoredObject } from '../../kube/resource.ts'
import type { Store } from '../../kube/store.ts'

/** Of objects that nobody asks for, we keep as many. */
const MAX_OTHERS = 10_000

/**
 * A store that keeps the objects of certain keys, and a limited number of others: whoever writes in another
 * cluster may make as many objects with our label as etcd holds.
 */
export function boundedStore<T extends StoredObject>(
  store: Store<T>,
  isWanted: (namespace: string | undefined, name: string) => boolean,
  maxOthers = MAX_OTHERS,
): Store<T> {
  const others = new Set<string>()
  const isWelcome = (raw: unknown): boolean => {
    const { namespace, name } = identityOf(raw)
    // The store says what is wrong with it.
    if (name === undefined) return true
    const key = objectKey(namespace, name)
    if (isWanted(namespace, name)) {
      others.delete(key)
      return true
    }
    if (others.size >= maxOthers && !others.has(key)) return false
    others.add(key)
    return true
  }
  const beginReplace = () => {
    others.clear()
    const { add, finish } = store.beginReplace()
    return { add: (items: readonly unknown[]) => add(items.filter(isWelcome)), finish }
  }
  return {
    ...store,
    beginReplace,
    replace(items) {
      const { add, finish } = beginReplace()
      add(items)
      finish()
    },
    upsert(raw) {
      if (isWelcome(raw)) store.upsert(raw)
    },
    remove(raw) {
      const { namespace, name } = identityOf(raw)
      if (name !== undefined) others.delete(objectKey(namespace, name))
      store.remove(raw)
    },
  }
}

function identityOf(raw: unknown): { namespace?: string | undefined; name?: string | undefined } {
  const metadata = typeof raw === 'object' && raw !== null && 'metadata' in raw ? raw.metadata : undefined
  if (typeof metadata !== 'object' || metadata === null) return {}
  const { namespace, name } = metadata as Record<string, unknown>
  return {
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: typeof name === 'string' ? name : undefined,
  }
}
