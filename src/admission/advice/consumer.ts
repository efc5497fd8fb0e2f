import type { Pod } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { Outcome } from '../../api/outcome.ts'
import { placesOf } from '../../injection/cache-mount.ts'
import { type Target, targetContainers } from '../../injection/targets.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Finding } from '../finding.ts'

/** A pod that names caches, or the template of such pods. */
export interface Consumer {
  /** Where the template is in its workload, such as `spec.template`. Empty for a pod. */
  path: string
  pod: Pod
  /** The caches that it names, in order, each with what we know of it. */
  references: readonly Reference[]
  /** Where its known caches are mounted. */
  mountPaths: readonly string[]
  /** The containers that get those mounts. */
  targets(): Outcome<Target[]>
}

export interface Reference {
  name: string
  /** Undefined if there is no cache of that name. */
  cache: ModelCache | undefined
}

/** A rule that may warn about a pod or a template and never denies. */
export type PodAdvice = (consumer: Consumer) => readonly Finding[]

/** What we know of the caches of these names. */
export function referencesTo(names: readonly string[], namespace: string, view: ClusterView): Reference[] {
  return names.map(name => ({ name, cache: view.get('ModelCache', namespace, name) }))
}

/** A consumer that finds its targets once, when the first rule asks for them. */
export function consumerOf({
  path,
  pod,
  references,
}: Pick<Consumer, 'path' | 'pod' | 'references'>): Consumer {
  const mountPaths = references.flatMap(({ cache }) => cache?.spec.mount.path ?? [])
  let targets: Outcome<Target[]> | undefined
  return {
    path,
    pod,
    references,
    mountPaths,
    targets() {
      targets ??= targetContainers(pod, mountPaths)
      return targets
    },
  }
}

/** The folders in those mounts that containers may write to. */
export function scratchPathsOf({ references }: Pick<Consumer, 'references'>): string[] {
  return references.flatMap(({ cache }) => (cache === undefined ? [] : placesOf(cache.spec.mount).scratch))
}

/** A field of the pod, as a field of the object that it is in. */
export function fieldIn({ path }: Pick<Consumer, 'path'>, field: string): string {
  return path === '' ? field : `${path}.${field}`
}

/** The start of a message about a template, which says where the template is. */
export function placeOf({ path }: Pick<Consumer, 'path'>): string {
  return path === '' ? '' : `${path}: `
}
