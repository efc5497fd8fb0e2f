import { z } from 'zod'
import { podAnnotations } from '../../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS, CACHES } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import { valueAt } from '../value-at.ts'
import { findTemplates } from './find-templates.ts'

/** The pods that a template creates: all pods of the workload, or the leaders or the workers of its gangs. */
export type Role = 'template' | 'leader' | 'worker'

export interface PodTemplate {
  role: Role
  /** Its place in the workload, such as `spec.template`. */
  path: string
  /** The same as a JSON Pointer. */
  pointer: string
  /** The annotations as the request has them. */
  raw: unknown
  annotations: Readonly<Record<string, string | undefined>>
  /** Whether this is a template. If not, we see only what its pods ask for, and not what is in them. */
  isWhole: boolean
}

/** The kinds whose one template is `spec.template`. */
const WITH_TEMPLATE = [
  'daemonsets',
  'deployments',
  'jobs',
  'replicasets',
  'replicationcontrollers',
  'statefulsets',
]

type Place = Pick<PodTemplate, 'path' | 'pointer'>

const at = (path: string): Place => ({ path, pointer: `/${path.replaceAll('.', '/')}` })

const TEMPLATE = at('spec.template')
const OF_JOB = at('spec.jobTemplate.spec.template')
const LEADER = at('spec.leaderWorkerTemplate.leaderTemplate')
const WORKER = at('spec.leaderWorkerTemplate.workerTemplate')

const annotated = z.compile(
  z.object({ metadata: optional(z.object({ annotations: optional(podAnnotations) })) }),
)

/**
 * The pod templates of a workload, by its resource or, in an unknown kind, by their shape. A LeaderWorkerSet
 * without a leader template also creates its leaders from the worker template.
 */
export function podTemplates(resource: string, object: unknown): PodTemplate[] {
  switch (resource) {
    case 'leaderworkersets':
      return valueAt(object, LEADER.path)
        ? [...templateAt(object, 'leader', LEADER), ...templateAt(object, 'worker', WORKER)]
        : templateAt(object, 'template', WORKER)
    case 'cronjobs':
      return templateAt(object, 'template', OF_JOB)
    default:
      return WITH_TEMPLATE.includes(resource)
        ? templateAt(object, 'template', TEMPLATE)
        : findTemplates(object).map(found => ({
            ...found,
            role: 'template',
            annotations: annotationsOf(found.raw),
          }))
  }
}

/** Whether any of our annotations stands on the template. */
export function asksForCaches({ annotations }: PodTemplate): boolean {
  return CACHES in annotations || CACHE_CONTAINERS in annotations
}

function templateAt(object: unknown, role: Role, { path, pointer }: Place): PodTemplate[] {
  const raw = valueAt(object, path)
  return raw ? [{ role, path, pointer, raw, annotations: annotationsOf(raw), isWhole: true }] : []
}

/** Ours among the annotations of anything that has metadata. */
export function annotationsOf(raw: unknown): Readonly<Record<string, string | undefined>> {
  return annotated.safeParse(raw).data?.metadata?.annotations ?? {}
}
