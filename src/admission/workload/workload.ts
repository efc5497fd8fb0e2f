import type { Consumer, Reference } from '../advice/consumer.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Finding } from '../finding.ts'
import type { PodTemplate } from './pod-templates.ts'

/** A template that names caches, read as the pod that it will create. */
export interface Subject extends Consumer {
  template: PodTemplate
}

/** A workload, as the rules that warn see it. */
export interface Workload {
  namespace: string
  view: ClusterView
  object: unknown
  templates: readonly PodTemplate[]
  /** Those of the templates that name caches. */
  subjects: readonly Subject[]
  /** Every cache that they name, once. */
  references: readonly Reference[]
}

/** A rule that may warn and never denies. */
export type Advice = (workload: Workload) => readonly Finding[]

/** Every cache that the templates name, once. */
export function referencesOf(subjects: readonly Subject[]): readonly Reference[] {
  return [...new Map(subjects.flatMap(({ references }) => references.map(r => [r.name, r]))).values()]
}
