import { CACHES, CONTAINERS } from './cluster.ts'
import { at, isObject, type Members, mapAt } from './json.ts'
import { annotated } from './kinds.ts'

/** A pod template of a workload, and where it stands. */
export interface Template {
  path: string
  template: unknown
}

const LEADER = 'spec.leaderWorkerTemplate.leaderTemplate'
const WORKER = 'spec.leaderWorkerTemplate.workerTemplate'

/** The pod templates of a workload; a gang without a leader template makes its leaders from that of the workers. */
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

/** The annotations of anything that has metadata; none where they are not a map of texts. */
export function annotationsOf(object: unknown): Members {
  return annotated(object) ? mapAt(object, 'metadata', 'annotations') : {}
}

/** Whether it names caches, or containers for them. */
export function asksForCaches({ template }: Template): boolean {
  const names = Object.keys(annotationsOf(template))
  return names.includes(CACHES) || names.includes(CONTAINERS)
}

/** A template read as the pod that it will make; null says as much as absence. */
export function podOf({ template }: Template): Members {
  const members = isObject(template) ? Object.entries(template).filter(([, value]) => value !== null) : []
  return { metadata: {}, ...Object.fromEntries(members) }
}
