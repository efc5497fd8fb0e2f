import { CACHES, CONTAINERS } from './cluster.ts'
import { at, isObject, type Members, mapAt } from './json.ts'
import { annotated } from './kinds.ts'

/** A pod template of a workload, and its place. */
export interface Template {
  path: string
  template: unknown
}

const LEADER = 'spec.leaderWorkerTemplate.leaderTemplate'
const WORKER = 'spec.leaderWorkerTemplate.workerTemplate'

/**
 * The pod templates of a workload. A gang without a leader template creates its leaders from the worker
 * template.
 */
export function templatesOf(resource: string, object: unknown): Template[] {
  const find = (path: string) => {
    const template = at(object, ...path.split('.'))
    return template ? [{ path, template }] : []
  }
  if (resource === 'leaderworkersets') return [...find(LEADER), ...find(WORKER)]
  return find(resource === 'cronjobs' ? 'spec.jobTemplate.spec.template' : 'spec.template')
}

export function isLeader({ path }: Template): boolean {
  return path === LEADER
}

/** The annotations of anything with metadata; none if they are not a map of texts. */
export function annotationsOf(object: unknown): Members {
  return annotated(object) ? mapAt(object, 'metadata', 'annotations') : {}
}

/** Whether it names caches, or containers for them. */
export function asksForCaches({ template }: Template): boolean {
  const names = Object.keys(annotationsOf(template))
  return names.includes(CACHES) || names.includes(CONTAINERS)
}

/** A template read as the pod that it will create. Null means absence. */
export function podOf({ template }: Template): Members {
  const members = isObject(template) ? Object.entries(template).filter(([, value]) => value !== null) : []
  return { metadata: {}, ...Object.fromEntries(members) }
}
