import type { Kind, Kinds } from '../api/kinds.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import type { ReadableStore } from '../kube/store.ts'
import { KINDS } from './kinds.ts'

/** A store of each of these kinds. */
export type Stores<K extends Kind> = { readonly [Each in K]: ReadableStore<Kinds[Each]> }

/** The stores of the kinds that a role names. */
export function storesOf<K extends Kind>(
  kinds: readonly K[],
  make: <T extends StoredObject>(resource: Resource<T>, kind: K) => ReadableStore<T>,
): Stores<K> {
  const stores: { [Each in Kind]?: ReadableStore<Kinds[Each]> } = {}
  const add = <Each extends K>(kind: Each) => {
    stores[kind] = make<Kinds[Each]>(KINDS[kind], kind) as (typeof stores)[Each]
  }
  for (const kind of kinds) add(kind)
  return stores as Stores<K>
}
