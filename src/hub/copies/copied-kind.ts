import type { Resource } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import type { ReadableStore } from '../../kube/store.ts'

/** What the hub knows of a copy in another cluster. */
export interface AnyCopy {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string | undefined
    readonly uid?: string | undefined
    readonly resourceVersion?: string | undefined
    readonly deletionTimestamp?: string | undefined
  }
  /** The same for all copies that ask for the same. */
  readonly fingerprint: string
}

/** An object of the hub, with copies in other clusters. */
export interface AnyOriginal {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string | undefined
    readonly deletionTimestamp?: string | undefined
    readonly finalizers?: readonly string[] | undefined
  }
}

/** How a copy is to be. */
export interface Wanted {
  readonly fingerprint: string
  /** The object to apply; undefined if its original is gone. */
  readonly manifest: () => Promise<{ readonly metadata: object } | undefined>
  /** A Secret that comes with the copy, and how the copy is to be before it is there. */
  readonly secret?: { readonly name: string; readonly before: Wanted }
}

/** What to do about one object in one other cluster. */
export type Plan =
  /** It is as it should be, or somebody else must act first. `problem` says who. */
  | { readonly do: 'nothing'; readonly problem?: string }
  /** Delete the copy. */
  | { readonly do: 'delete' }
  /** Bring the copy in line with its original, or make it. */
  | { readonly do: 'apply'; readonly wanted: Wanted }

/** The hub, as far as its copies depend on it. */
export interface CopyingHub {
  readonly hubID: string
  readonly rest: Pick<Rest, 'get'>
  /** Makes the namespace of a copy if a cluster lacks it. */
  readonly createsNamespaces: boolean
}

/** A kind whose objects the hub copies to other clusters. */
export interface CopiedKind<O extends AnyOriginal = AnyOriginal, C extends AnyCopy = AnyCopy> {
  /** The copies of this hub. */
  readonly resource: Resource<C>
  /** The objects of the hub. */
  readonly originals: Pick<ReadableStore<O>, 'get' | 'values'>
  /** Whether an object has to do with other clusters. */
  travels(original: O): boolean
  planFor(original: O, copy: C | undefined, cluster: string): Plan
  /** Something has changed about an object, by its namespace and name, in a cluster. */
  onNews(key: string): void
}
