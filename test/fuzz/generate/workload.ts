import type { Cluster } from '../oracle/cluster.ts'
import { annotationsFor, generatePod } from './pod.ts'
import type { Random } from './random.ts'

const KINDS = [
  'deployments',
  'replicationcontrollers',
  'statefulsets',
  'daemonsets',
  'replicasets',
  'jobs',
  'cronjobs',
  'leaderworkersets',
]

export interface Workload {
  resource: string
  object: unknown
  oldObject: unknown
}

/** A workload that is created, scaled or changed. */
export function generateWorkload(cluster: Cluster, random: Random): Workload {
  const resource = random.pick([...KINDS, 'leaderworkersets', 'leaderworkersets'])
  const metadata = {
    name: 'serve',
    annotations: random.perhaps(0.2, () => annotationsFor(cluster, random)),
  }
  const templates = [template(cluster, random), template(cluster, random)]
  const object = { metadata, spec: specOf(resource, templates, random) }
  const old = random.pick([
    undefined,
    object,
    { ...object, metadata: { name: 'serve' } },
    { metadata, spec: specOf(resource, [templates[0], template(cluster, random)], random) },
    { metadata, spec: specOf(resource, [template(cluster, random), templates[1]], random) },
  ])
  return { resource, object, oldObject: old }
}

function template(cluster: Cluster, random: Random): unknown {
  const { metadata, spec } = generatePod(cluster, random)
  return { metadata: random.chance(0.03) ? null : metadata, spec: random.chance(0.02) ? null : spec }
}

function specOf(resource: string, [first, second]: unknown[], random: Random): unknown {
  if (resource === 'cronjobs') return { jobTemplate: { spec: { template: first } } }
  if (resource !== 'leaderworkersets') return { replicas: random.below(3), template: first }
  return {
    leaderWorkerTemplate: {
      leaderTemplate: random.chance(0.3) ? random.pick([undefined, null]) : first,
      workerTemplate: random.chance(0.3) ? first : second,
      size: random.pick([undefined, 1, 2, 3]),
    },
  }
}
