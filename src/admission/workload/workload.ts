import type { Pod } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Finding } from '../finding.ts'
import type { PodTemplate } from './pod-templates.ts'

/** A template that names caches, read as the pod that it will create. */
export interface Subject {
  template: PodTemplate
  pod: Pod
  /** The caches that it names, in order, each with what we know of it. */
  references: readonly Reference[]
}

export interface Reference {
  name: string
  /** Undefined if there is no cache of that name. */
  cache: ModelCache | undefined
}

/** A workload, as the rules that warn see it. */
export interface Workload {
  namespace: string
  object: unknown
  templates: readonly PodTemplate[]
  /** Those of the templates that name caches. */
  subjects: readonly Subject[]
}

/** A rule that may warn and never denies. */
export type Advice = (workload: Workload) => readonly Finding[]

/** What we know of the caches of these names. */
export function referencesTo(names: readonly string[], namespace: string, view: ClusterView): Reference[] {
  return names.map(name => ({ name, cache: view.get('ModelCache', namespace, name) }))
}

/** Every cache that the workload names, once. */
export function referencesOf({ subjects }: Workload): Reference[] {
  return [...new Map(subjects.flatMap(({ references }) => references.map(r => [r.name, r]))).values()]
}
